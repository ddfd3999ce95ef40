//! Writes the `Command` implementation, and how its aggregate handles it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::spanned::Spanned;
use syn::{Generics, Member, Path, PathArguments};

use super::attrs::{CommandInput, Emits};
use crate::input;
use crate::text;

impl CommandInput<'_> {
    pub(super) fn expand(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, creates, .. } = self;
        let model = self.model(true);
        let (impl_generics, ty_generics, where_clause) = item.generics.split_for_impl();
        let ident = &item.ident;
        let (aggregate, generics) = self.handler_generics();
        let (handler_generics, _, handler_where) = generics.split_for_impl();
        let rules = self.rule_checks();
        // The user's expressions know these two by name.
        let command = Ident::new("command", Span::call_site());
        let state = Ident::new("state", Span::call_site());
        let decision = self.decision(&aggregate, &state);
        quote_spanned! {site=>
            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #impl_generics #private::Command for #ident #ty_generics #where_clause {
                const MODEL: #private::CommandModel = #model;
            }

            #[automatically_derived]
            #[allow(unused_qualifications)]
            impl #handler_generics #private::HandledBy<#aggregate> for #ident #ty_generics #handler_where {
                #[inline]
                fn creates(&self) -> bool {
                    #creates
                }

                #[allow(unused_variables)]
                fn handled_by(self, #state: &#aggregate) -> #private::Decision<#aggregate> {
                    let #command = &self;
                    #rules
                    #decision
                }
            }
        }
    }

    /// Implementations that compile, so that a mistake shows once and not at every use.
    pub(super) fn stub(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, .. } = self;
        if item.generics.lifetimes().next().is_some() {
            return TokenStream::new();
        }
        let (model, ident) = (self.model(false), &item.ident);
        let (impl_generics, ty_generics, where_clause) = item.generics.split_for_impl();
        let mut generics = item.generics.clone();
        generics.params.push(syn::parse_quote!(__A: #private::Aggregate));
        let (handler_generics, _, _) = generics.split_for_impl();
        quote_spanned! {site=>
            #[automatically_derived]
            impl #impl_generics #private::Command for #ident #ty_generics #where_clause {
                const MODEL: #private::CommandModel = #model;
            }

            #[automatically_derived]
            impl #handler_generics #private::HandledBy<__A> for #ident #ty_generics #where_clause {
                fn creates(&self) -> bool { ::core::unimplemented!() }
                fn handled_by(self, _: &__A) -> #private::Decision<__A> { ::core::unimplemented!() }
            }
        }
    }

    /// The aggregate, and the generics under which it handles the command.
    fn handler_generics(&self) -> (TokenStream, Generics) {
        let site = Span::mixed_site();
        let Self { item, private, error, emits, .. } = self;
        let mut generics = item.generics.clone();
        if let Some(aggregate) = &self.aggregate {
            return (aggregate.to_token_stream(), generics);
        }
        let aggregate = Ident::new("__A", site);
        generics.params.push(match error {
            Some(error) => syn::parse_quote!(#aggregate: #private::Aggregate<Error = #error>),
            None => syn::parse_quote!(#aggregate: #private::Aggregate),
        });
        let bound = if let Some(Emits { event, .. }) = emits {
            quote_spanned!(site=> <#aggregate as #private::Aggregate>::Event: #private::Includes<#event>)
        } else {
            let (ident, (_, ty_generics, _)) = (&item.ident, item.generics.split_for_impl());
            quote_spanned!(site=> #aggregate: #private::Handle<#ident #ty_generics>)
        };
        input::require(&mut generics, &bound);
        (aggregate.to_token_stream(), generics)
    }

    fn rule_checks(&self) -> TokenStream {
        let site = Span::mixed_site();
        let checks = self.rules.iter().map(|rule| {
            let (condition, error) = (&rule.condition, &rule.error);
            quote_spanned! {site=>
                let holds: bool = #condition;
                if !holds {
                    return ::core::result::Result::Err(#error);
                }
            }
        });
        checks.collect()
    }

    fn decision(&self, aggregate: &TokenStream, state: &Ident) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, .. } = self;
        let ident = &item.ident;
        let Some(emits) = &self.emits else {
            return quote_spanned!(site=> <#aggregate as #private::Handle<_>>::handle(#state, self));
        };
        // Values are made while the command can still be looked at; then its fields are moved out.
        let (mut values, mut fields) = (TokenStream::new(), TokenStream::new());
        for (field, value) in &emits.fields {
            let Some(value) = value else { continue };
            let local = format_ident!("__value_{}", text::name(field), span = site);
            values.extend(quote_spanned!(site=> let #local = #value;));
            fields.extend(quote_spanned!(site=> #field: #local,));
        }
        let carried: Vec<_> =
            self.fields.iter().map(|field| &field.member).filter(|member| emits.carries(member)).collect();
        let locals: Vec<_> = carried.iter().map(|member| local(member)).collect();
        let event = expression(&emits.event);
        let includes = quote_spanned! {emits.event.span().resolved_at(site)=> #private::include };
        quote_spanned! {site=>
            #values
            let #ident { #(#carried: #locals,)* .. } = self;
            ::core::result::Result::Ok(#private::Events::one(#includes(#event {
                #fields
                #(#carried: #locals,)*
            })))
        }
    }

    fn model(&self, is_whole: bool) -> TokenStream {
        let site = Span::mixed_site();
        let Self { item, private, creates, .. } = self;
        let (type_name, doc) = (text::name(&item.ident), text::doc(&item.attrs));
        let fields = input::field_models(&self.fields, private);
        let rules = self.rules.iter().map(|rule| {
            let (condition, error) =
                (text::source(rule.condition.to_token_stream()), text::source(rule.error.to_token_stream()));
            quote_spanned!(site=> #private::RuleModel { condition: #condition, error: #error })
        });
        let emits = self.emits.iter().filter(|_| is_whole).map(|emits| {
            let event = &emits.event;
            quote_spanned!(site=> <#event as #private::Event>::NAME)
        });
        quote_spanned! {site=>
            #private::CommandModel {
                type_name: #type_name,
                doc: #doc,
                fields: #fields,
                creates: #creates,
                rules: &[#(#rules),*],
                emits: &[#(#emits),*],
            }
        }
    }
}

impl Emits {
    fn carries(&self, member: &Member) -> bool {
        let given = self.fields.iter().find(|(field, _)| matches!(member, Member::Named(ident) if ident == field));
        given.map_or(self.rest, |(_, value)| value.is_none())
    }
}

/// The local that a field is moved to; a wrong type is shown on the field.
fn local(member: &Member) -> Ident {
    let name = match member {
        Member::Named(ident) => text::name(ident),
        Member::Unnamed(index) => index.index.to_string(),
    };
    format_ident!("__carried_{name}", span = member.span().resolved_at(Span::mixed_site()))
}

/// The path as it must be written in an expression: `Event::<T>`.
fn expression(event: &Path) -> Path {
    let mut event = event.clone();
    for segment in &mut event.segments {
        if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
            arguments.colon2_token.get_or_insert_with(Default::default);
        }
    }
    event
}
