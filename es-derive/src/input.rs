//! What every derive takes: a struct, its fields, its generics.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{Attribute, Data, DeriveInput, Fields, GenericParam, Generics, Member, Path, Type, WherePredicate};

use crate::data::Container;
use crate::diagnostics::Diagnostics;
use crate::text;

/// A field of the struct.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) member: Member,
    pub(crate) ty: Type,
    pub(crate) attrs: Vec<Attribute>,
}

/// The fields, if the input is a struct; a mistake otherwise. `instead_of_enum` tells what to write in place of one.
pub(crate) fn fields(input: &DeriveInput, what: &str, instead_of_enum: &str, diagnostics: &Diagnostics) -> Vec<Field> {
    match &input.data {
        Data::Struct(data) => {
            let members = data.fields.members().zip(&data.fields);
            members.map(|(member, field)| Field { member, ty: field.ty.clone(), attrs: field.attrs.clone() }).collect()
        }
        Data::Enum(data) => {
            diagnostics.error(data.enum_token, format!("{what} is a struct; {instead_of_enum}"));
            Vec::new()
        }
        Data::Union(data) => {
            diagnostics.error(data.union_token, format!("{what} is a struct; write a `struct`"));
            Vec::new()
        }
    }
}

/// Whether the struct has named fields.
pub(crate) fn has_named_fields(input: &DeriveInput) -> bool {
    matches!(&input.data, Data::Struct(data) if matches!(data.fields, Fields::Named(_)))
}

/// The place of `struct`, `enum` or `union`.
pub(crate) fn keyword(input: &DeriveInput) -> Span {
    match &input.data {
        Data::Struct(data) => data.struct_token.span,
        Data::Enum(data) => data.enum_token.span,
        Data::Union(data) => data.union_token.span,
    }
}

/// Refuses lifetimes, which nothing that is stored or sent between tasks can have.
pub(crate) fn refuse_lifetimes(input: &DeriveInput, what: &str, diagnostics: &Diagnostics) {
    for lifetime in input.generics.lifetimes() {
        diagnostics.error(
            &lifetime.lifetime,
            format!("{what} cannot borrow; use owned types, for example `String` instead of `&str`"),
        );
    }
}

/// The list of fields as constant data of the model; `attrs` are those of the struct.
pub(crate) fn field_models(fields: &[Field], attrs: &[Attribute], private: &Path) -> TokenStream {
    let site = Span::mixed_site();
    let container = Container::of(attrs);
    let mut stored_before = 0;
    let models = fields.iter().map(|field| {
        let name = match &field.member {
            Member::Named(ident) => text::name(ident),
            Member::Unnamed(index) => index.index.to_string(),
        };
        let (ty, doc) = (text::source(field.ty.to_token_stream()), text::doc(&field.attrs));
        let stored = if let Some(stored) = container.stored_name(&field.member, &field.attrs, stored_before) {
            stored_before += 1;
            quote_spanned!(site=> ::core::option::Option::Some(#stored))
        } else {
            quote_spanned!(site=> ::core::option::Option::None)
        };
        quote_spanned!(site=> #private::FieldModel { name: #name, stored: #stored, ty: #ty, doc: #doc })
    });
    quote_spanned!(site=> &[#(#models),*])
}

/// Those of `generics` that `tokens` mention, with the bounds that concern nothing else.
pub(crate) fn used_generics(generics: &Generics, tokens: &TokenStream) -> Generics {
    let mut used = generics.clone();
    let is_used = |param: &GenericParam| match param {
        GenericParam::Type(param) => mentions(tokens.clone(), &param.ident),
        GenericParam::Const(param) => mentions(tokens.clone(), &param.ident),
        GenericParam::Lifetime(_) => false,
    };
    used.params = generics.params.iter().filter(|param| is_used(param)).cloned().collect();
    let dropped: Vec<_> = generics
        .params
        .iter()
        .filter(|param| !is_used(param))
        .filter_map(|param| match param {
            GenericParam::Type(param) => Some(&param.ident),
            GenericParam::Const(param) => Some(&param.ident),
            GenericParam::Lifetime(_) => None,
        })
        .collect();
    if let Some(clause) = &mut used.where_clause {
        let kept =
            |predicate: &WherePredicate| !dropped.iter().any(|ident| mentions(predicate.to_token_stream(), ident));
        clause.predicates = clause.predicates.iter().filter(|predicate| kept(predicate)).cloned().collect();
    }
    used
}

/// The parameter as an alias declares it.
pub(crate) fn without_bounds(mut param: GenericParam) -> GenericParam {
    match &mut param {
        GenericParam::Type(param) => {
            (param.colon_token, param.default) = (None, None);
            param.bounds.clear();
        }
        GenericParam::Const(param) => param.default = None,
        GenericParam::Lifetime(_) => {}
    }
    param
}

/// Whether `ident` occurs in `tokens`, other than as the name of a field or method.
pub(crate) fn mentions(tokens: TokenStream, ident: &Ident) -> bool {
    find(tokens, ident).is_some()
}

/// The first place where `ident` occurs in `tokens`, other than as the name of a field or method.
pub(crate) fn find(tokens: TokenStream, ident: &Ident) -> Option<Ident> {
    // One dot makes a field or a method; two make a range.
    let mut dots = 0;
    for token in tokens {
        let is_dot = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '.');
        match token {
            TokenTree::Ident(found) if found == *ident && dots != 1 => return Some(found),
            TokenTree::Group(group) => {
                if let Some(found) = find(group.stream(), ident) {
                    return Some(found);
                }
            }
            _ => {}
        }
        dots = if is_dot { dots + 1 } else { 0 };
    }
    None
}

/// Adds `predicate` to the where-clause.
pub(crate) fn require(generics: &mut Generics, predicate: &TokenStream) {
    generics.make_where_clause().predicates.push(syn::parse_quote!(#predicate));
}

/// `tokens`, resolved as they are, but shown at `place` in error messages.
pub(crate) fn placed(tokens: &impl ToTokens, place: Span) -> TokenStream {
    let tokens = tokens.to_token_stream().into_iter();
    tokens
        .map(|mut token| {
            token.set_span(place.resolved_at(token.span()));
            token
        })
        .collect()
}
