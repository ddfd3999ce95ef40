//! `emits = Event { field, field: value, .. }`: what a declared command leads to.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Expr, Member, Path, Token, braced};

use crate::attr;
use crate::diagnostics::Diagnostics;
use crate::value;

/// `Event`, or `Event { field, field: value, .. }`.
pub(super) struct Emits {
    pub(super) event: Path,
    pub(super) fields: Vec<(Ident, Option<Expr>)>,
    /// Whether the command's other fields are carried over.
    pub(super) rest: bool,
}

impl Emits {
    /// What stands after `emits`; nothing if a mistake in it was reported.
    pub(super) fn read(key: &Ident, input: ParseStream, diagnostics: &Diagnostics) -> syn::Result<Option<Self>> {
        value::equals(key, input, "an event")?;
        let path = input.parse();
        let event =
            path.map_err(|error: syn::Error| syn::Error::new(error.span(), "`emits` takes an event: `emits = ..`"))?;
        let mut emits = Self { event, fields: Vec::new(), rest: true };
        if !input.peek(syn::token::Brace) {
            return Ok(Some(emits));
        }
        emits.rest = false;
        let content;
        braced!(content in input);
        let before = diagnostics.count();
        attr::between_commas(&content, diagnostics, |input| emits.read_field(input));
        Ok((diagnostics.count() == before).then_some(emits))
    }

    fn read_field(&mut self, input: ParseStream) -> syn::Result<()> {
        if let Some(rest) = input.parse::<Option<Token![..]>>()? {
            self.rest = true;
            let message = "`..` stands for all other fields and comes last";
            return if input.is_empty() { Ok(()) } else { Err(syn::Error::new_spanned(rest, message)) };
        }
        let field = value::field(input)?;
        let value = if input.parse::<Option<Token![:]>>()?.is_some() { Some(input.parse()?) } else { None };
        if self.fields.iter().any(|(earlier, _)| *earlier == field) {
            return Err(syn::Error::new_spanned(&field, format!("`{field}` is given twice; remove one of them")));
        }
        self.fields.push((field, value));
        Ok(())
    }

    /// The values, which see the command.
    pub(super) fn values(&self) -> impl Iterator<Item = TokenStream> {
        self.fields.iter().filter_map(|(_, value)| value.as_ref()).map(ToTokens::to_token_stream)
    }

    /// Whether a field of the command goes to the field of that name of the event.
    pub(super) fn carries(&self, member: &Member) -> bool {
        let given = self.fields.iter().find(|(field, _)| matches!(member, Member::Named(ident) if ident == field));
        given.map_or(self.rest, |(_, value)| value.is_none())
    }
}
