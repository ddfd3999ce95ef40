//! `#[command(..)]` and the list of `#[require(..)]`s.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{DeriveInput, Expr, Path, Token, Type, braced};

use crate::attr::{self, CratePath, Once};
use crate::diagnostics::Diagnostics;
use crate::input::{self, Field};

/// A command as the user wrote it.
pub(super) struct CommandInput<'a> {
    pub(super) item: &'a DeriveInput,
    pub(super) private: Path,
    pub(super) fields: Vec<Field>,
    pub(super) creates: bool,
    pub(super) aggregate: Option<Type>,
    pub(super) emits: Option<Emits>,
    pub(super) rules: Vec<Rule>,
    /// The type of the rules' errors, where no aggregate tells it.
    pub(super) error: Option<Path>,
}

/// `Event`, or `Event { field, field: value, .. }`.
pub(super) struct Emits {
    pub(super) event: Path,
    pub(super) fields: Vec<(Ident, Option<Expr>)>,
    /// Whether the command's other fields are carried over.
    pub(super) rest: bool,
}

/// `#[require(condition, error)]`.
pub(super) struct Rule {
    pub(super) condition: Expr,
    pub(super) error: Expr,
}

pub(super) fn parse<'a>(item: &'a DeriveInput, diagnostics: &Diagnostics) -> CommandInput<'a> {
    let (mut create, mut krate) = (Once::<()>::default(), CratePath::default());
    let (mut aggregate, mut emits) = (Once::<Type>::default(), Once::<Emits>::default());
    attr::for_each_key(&item.attrs, "command", diagnostics, |key, input| match key.to_string().as_str() {
        "create" => create.set(key, ()),
        "aggregate" => aggregate.set(key, attr::value(key, input)?),
        "emits" => emits.set(key, attr::value(key, input)?),
        "crate" => krate.set(key, input),
        _ => Err(attr::unknown(key, "command", &["create", "emits", "aggregate", "crate"])),
    });
    let requires = item.attrs.iter().filter(|attr| attr.path().is_ident("require"));
    let rules: Vec<_> = requires.filter_map(|attr| diagnostics.ok(attr.parse_args::<Rule>())).collect();
    input::refuse_lifetimes(item, "a command", diagnostics);
    let command = CommandInput {
        item,
        private: krate.private(),
        fields: input::fields(item, "a command", diagnostics),
        creates: create.get().is_some(),
        error: rules.first().and_then(|rule| type_of(&rule.error)),
        aggregate: aggregate.take(),
        emits: emits.take(),
        rules,
    };
    command.check(diagnostics);
    command
}

impl CommandInput<'_> {
    fn check(&self, diagnostics: &Diagnostics) {
        if let Some(emits) = &self.emits {
            for (at, (field, value)) in emits.fields.iter().enumerate() {
                if emits.fields[..at].iter().any(|(earlier, _)| earlier == field) {
                    diagnostics.error(field, format!("`{field}` is given twice; remove one of them"));
                } else if value.is_none() && !self.has_field(field) {
                    diagnostics.error(
                        field,
                        format!("the command has no field `{field}` to carry over; write `{field}: ..` with its value"),
                    );
                }
            }
        }
        if self.aggregate.is_some() {
            return;
        }
        let state = Ident::new("state", Span::call_site());
        for expression in self.expressions() {
            if let Some(token) = input::find(expression.to_token_stream(), &state) {
                let message = "to look at the state, name whose it is: `#[command(aggregate = .., ..)]`";
                diagnostics.error(token, message);
            }
        }
        if let (Some(rule), None) = (self.rules.first(), &self.error) {
            diagnostics.error(
                &rule.error,
                "the type of this error cannot be seen here; write it as `Type::Variant`, \
                 or name the aggregate: `#[command(aggregate = .., ..)]`",
            );
        }
    }

    pub(super) fn has_field(&self, name: &Ident) -> bool {
        self.fields.iter().any(|field| matches!(&field.member, syn::Member::Named(ident) if ident == name))
    }

    fn expressions(&self) -> impl Iterator<Item = &Expr> {
        let rules = self.rules.iter().flat_map(|rule| [&rule.condition, &rule.error]);
        let values = self.emits.iter().flat_map(|emits| &emits.fields).filter_map(|(_, value)| value.as_ref());
        rules.chain(values)
    }
}

impl Parse for Rule {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let condition: Expr = input.parse()?;
        if input.is_empty() {
            let message =
                "a rule says what must hold and which error to give: `#[require(command.amount > 0, Error::..)]`";
            return Err(syn::Error::new_spanned(&condition, message));
        }
        input.parse::<Token![,]>()?;
        let error = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error("a rule has one condition and one error; write another `#[require(..)]`"));
        }
        Ok(Self { condition, error })
    }
}

impl Parse for Emits {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let event = input.parse()?;
        let mut emits = Self { event, fields: Vec::new(), rest: true };
        if !input.peek(syn::token::Brace) {
            return Ok(emits);
        }
        emits.rest = false;
        let content;
        braced!(content in input);
        while !content.is_empty() {
            if content.parse::<Option<Token![..]>>()?.is_some() {
                emits.rest = true;
                if !content.is_empty() {
                    return Err(content.error("`..` stands for all other fields of the command and comes last"));
                }
                break;
            }
            let field = attr::field(&content)?;
            let value = if content.parse::<Option<Token![:]>>()?.is_some() { Some(content.parse()?) } else { None };
            emits.fields.push((field, value));
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        Ok(emits)
    }
}

/// Types are, constants and functions are not.
fn is_camel_case(name: &str) -> bool {
    name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
}

/// The type of `Type::Variant`, `Type::Variant(..)`, `Type::Variant { .. }`, `Type { .. }` or the unit struct `Type`.
fn type_of(error: &Expr) -> Option<Path> {
    let (path, is_literal) = match error {
        Expr::Path(path) if path.qself.is_none() => (&path.path, false),
        Expr::Struct(literal) if literal.qself.is_none() => (&literal.path, true),
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) if path.qself.is_none() => (&path.path, false),
            _ => return None,
        },
        _ => return None,
    };
    if let Some(ident) = path.get_ident() {
        let is_unit_struct = matches!(error, Expr::Path(_)) && is_camel_case(&ident.to_string());
        return (is_literal || is_unit_struct).then(|| path.clone());
    }
    let mut ty = path.clone();
    ty.segments.pop();
    // Takes the `::` that would otherwise be left at the end.
    ty.segments.pop_punct();
    Some(ty)
}
