//! Writes the `Command` implementation, and how its aggregate handles it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Data, Fields, Generics, Path};

use super::attrs::{CommandInput, Handler};
use super::emits::Emits;
use crate::data::{self, Container};
use crate::docs;
use crate::event::StoredCommand;
use crate::input;
use crate::text;

impl CommandInput<'_> {
    pub(super) fn expand(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, .. } = self;
        let (model, emitted, shape) = (self.model(), self.emitted(), self.shape());
        let StoredCommand { named, hidden, methods, .. } = &self.stored;
        let (impl_generics, ty_generics, where_clause) = item.generics.split_for_impl();
        let ident = &item.ident;
        // What the trait says anyway is not written, which the compiler would read for every command.
        let creates = self.creates.then(|| {
            quote_spanned! {site=>
                #[inline]
                fn creates(&self) -> bool {
                    true
                }
            }
        });
        let (aggregate, generics) = self.handler_generics();
        let (handler_generics, _, handler_where) = generics.split_for_impl();
        let (handled_by, listed) = (self.as_written("HandledBy", &aggregate), self.as_written("Listed", &aggregate));
        let docs = docs::attrs(&self.doc());
        // The user's expressions know these two by name.
        let command = Ident::new("command", Span::call_site());
        let state = Ident::new("state", Span::call_site());
        let (rules, decision) = (self.rule_checks(&aggregate), self.decision(&aggregate, &state));
        quote_spanned! {site=>
            #named

            #[allow(unused_qualifications)]
            const _: () = {
                #hidden
                use #private::{HandledBy as __HandledBy, Listed as __Listed};
                #emitted

                #docs
                #[automatically_derived]
                impl #impl_generics #private::Command for #ident #ty_generics #where_clause {
                    const MODEL: #private::CommandModel = #model;

                    #[inline]
                    fn shape() -> #private::Shape {
                        #shape
                    }

                    #methods
                }

                #[automatically_derived]
                impl #handler_generics #handled_by for #ident #ty_generics #handler_where {
                    #creates

                    #[allow(unused_variables)]
                    fn handled_by(self, #state: &#aggregate) -> #private::Decision<#aggregate> {
                        let #command = &self;
                        #rules
                        #decision
                    }
                }

                #[automatically_derived]
                impl #handler_generics #listed for #ident #ty_generics #handler_where {
                    #[inline]
                    fn decided_by(self, state: &#aggregate) -> #private::Decision<#aggregate> {
                        #private::HandledBy::handled_by(self, state)
                    }
                }
            };
        }
    }

    /// A trait of the aggregate, as if the user had written it.
    ///
    /// Where the aggregate has no handler, the compiler would otherwise advise not to use the derive.
    fn as_written(&self, name: &str, aggregate: &TokenStream) -> TokenStream {
        let keyword = input::keyword(self.item);
        let name = format_ident!("__{name}", span = keyword);
        quote_spanned!(keyword=> #name<#aggregate>)
    }

    /// What the handler needs: the emitted event by one name, so that it is looked up once.
    fn emitted(&self) -> TokenStream {
        let (site, private) = (Span::mixed_site(), &self.private);
        let Handler::Declared(Emits { event, .. }) = &self.handler else { return TokenStream::new() };
        let params = input::used_generics(&self.item.generics, &event.to_token_stream()).params;
        let params = params.into_iter().map(input::without_bounds);
        quote_spanned! {site=>
            use #private::include as __include;
            type __Emitted<#(#params),*> = #event;
        }
    }

    /// The type of the emitted event, shown where the user names it.
    fn emitted_type(&self, event: &Path) -> TokenStream {
        let place = place(event);
        let generics = input::used_generics(&self.item.generics, &event.to_token_stream());
        let (_, ty_generics, _) = generics.split_for_impl();
        input::placed(&quote_spanned!(place=> __Emitted #ty_generics), place)
    }

    /// The aggregate, and the generics under which it handles the command.
    fn handler_generics(&self) -> (TokenStream, Generics) {
        let site = Span::mixed_site();
        let Self { item, private, error, .. } = self;
        let mut generics = item.generics.clone();
        if let Some(aggregate) = &self.aggregate {
            return (aggregate.to_token_stream(), generics);
        }
        let aggregate = Ident::new("__A", site);
        generics.params.push(match error {
            Some(error) => syn::parse_quote!(#aggregate: #private::RefusesWith<#error>),
            None => syn::parse_quote!(#aggregate: #private::Aggregate),
        });
        let bound = match &self.handler {
            Handler::Declared(Emits { event, .. }) => {
                let event = self.emitted_type(event);
                quote_spanned!(site=> <#aggregate as #private::Aggregate>::Event: #private::Includes<#event>)
            }
            Handler::Aggregate => {
                let (ident, (_, ty_generics, _)) = (&item.ident, item.generics.split_for_impl());
                quote_spanned!(site=> #aggregate: #private::Handle<#ident #ty_generics>)
            }
            Handler::Unknown => return (aggregate.to_token_stream(), generics),
        };
        input::require(&mut generics, &bound);
        (aggregate.to_token_stream(), generics)
    }

    fn rule_checks(&self, aggregate: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        let Self { private, .. } = self;
        let checks = self.rules.iter().map(|rule| {
            let (condition, error) = (&rule.condition, &rule.error);
            quote_spanned! {site=>
                let holds: bool = #condition;
                if !holds {
                    let error: <#aggregate as #private::Aggregate>::Error = #error;
                    return ::core::result::Result::Err(error);
                }
            }
        });
        checks.collect()
    }

    fn decision(&self, aggregate: &TokenStream, state: &Ident) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, .. } = self;
        let emits = match &self.handler {
            Handler::Declared(emits) => emits,
            Handler::Aggregate => {
                let (ident, (_, ty_generics, _)) = (&item.ident, item.generics.split_for_impl());
                return quote_spanned!(site=> <#aggregate as #private::Handle<#ident #ty_generics>>::handle(#state, self));
            }
            Handler::Unknown => return quote_spanned!(site=> ::core::unimplemented!()),
        };
        // Values are made while the command can still be looked at; then its fields are moved out.
        let values = emits.fields.iter().filter_map(|(field, value)| value.as_ref().map(|value| (field, value)));
        let values = values.map(|(field, value)| quote_spanned!(site=> #field: #value,));
        let members = self.fields.iter().map(|field| &field.member).filter(|member| emits.carries(member));
        let carried = members.map(|member| {
            // A wrong type is shown on the field of the command.
            let field = quote_spanned!(member.span().resolved_at(site)=> self.#member);
            quote_spanned!(site=> #member: #field,)
        });
        // The literal is shown from its first to its last token, so both stand on the event.
        let place = place(&emits.event);
        let literal = quote_spanned!(place=> __Emitted { #(#values)* #(#carried)* });
        let include = quote_spanned!(place=> __include);
        quote_spanned!(site=> ::core::result::Result::Ok(#private::Events::one(#include(#literal))))
    }

    /// The body of `fn shape()`; the shape of what cannot be a command is of no interest.
    fn shape(&self) -> TokenStream {
        let (site, private, none) = (Span::mixed_site(), &self.private, Fields::Unit);
        let fields = if let Data::Struct(data) = &self.item.data { &data.fields } else { &none };
        let shape = data::struct_shape(&Container::of(&self.item.attrs), fields, private);
        quote_spanned! {site=>
            #[allow(unused_imports)]
            use #private::SpelledShape as _;
            #[allow(unused_variables)]
            let outer = &mut #private::Outer::of::<Self>();
            #shape
        }
    }

    fn model(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, creates, stored: StoredCommand { model: stored, .. }, .. } = self;
        let (type_name, doc) = (text::name(&item.ident), text::doc(&item.attrs));
        let fields = input::field_models(&self.fields, &self.item.attrs, private);
        let rules = self.rules.iter().map(|rule| {
            let (condition, error) =
                (text::source(rule.condition.to_token_stream()), text::source(rule.error.to_token_stream()));
            quote_spanned!(site=> #private::RuleModel { condition: #condition, error: #error })
        });
        let emits = match &self.handler {
            Handler::Declared(Emits { event, .. }) => {
                let event = self.emitted_type(event);
                quote_spanned!(site=> &[<#event as #private::Event>::NAME])
            }
            Handler::Aggregate | Handler::Unknown => quote_spanned!(site=> &[]),
        };
        quote_spanned! {site=>
            #private::CommandModel {
                #stored
                type_name: #type_name,
                doc: #doc,
                fields: #fields,
                creates: #creates,
                rules: &[#(#rules),*],
                emits: #emits,
            }
        }
    }

    /// What it emits, and its rules.
    fn doc(&self) -> String {
        let mut told = match &self.handler {
            Handler::Declared(Emits { event, .. }) => vec![format!("Emits {}.", docs::link(event))],
            Handler::Aggregate | Handler::Unknown => vec!["Its aggregate decides what it emits.".to_owned()],
        };
        if self.creates {
            told.push("Accepted only if the aggregate does not exist yet.".to_owned());
        }
        let introduction = if self.rules.is_empty() { "" } else { "Refused, in this order, unless:" };
        let rules = self.rules.iter().map(|rule| {
            let [condition, error] = [rule.condition.to_token_stream(), rule.error.to_token_stream()].map(text::source);
            format!("{}, else {}", docs::code(&condition), docs::code(&error))
        });
        docs::paragraphs([told.join(" "), introduction.to_owned(), docs::list(rules)])
    }
}

/// Where mistakes about the emitted event are shown.
fn place(event: &Path) -> Span {
    let last = event.segments.last().map_or_else(|| event.span(), |segment| segment.ident.span());
    last.resolved_at(Span::mixed_site())
}
