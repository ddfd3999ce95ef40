//! `#[command(..)]` and the list of `#[require(..)]`s.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Data, DeriveInput, Expr, LitInt, LitStr, Meta, Path, Token, Type};

use super::emits::Emits;
use crate::attr::{Grammar, Mentioned};
use crate::diagnostics::Diagnostics;
use crate::event::{CommandVersions, StoredCommand};
use crate::input::{self, Field};
use crate::value::{self, CratePath, Home, Once};

/// A command as the user wrote it.
pub(super) struct CommandInput<'a> {
    pub(super) item: &'a DeriveInput,
    pub(super) private: Path,
    pub(super) fields: Vec<Field>,
    pub(super) creates: bool,
    pub(super) aggregate: Option<Type>,
    pub(super) handler: Handler,
    /// Those without a mistake.
    pub(super) rules: Vec<Rule>,
    /// The type of the rules' errors, where no aggregate tells it.
    pub(super) error: Option<Path>,
    /// How it is kept.
    pub(super) stored: StoredCommand,
}

/// Who decides, after the rules.
pub(super) enum Handler {
    /// `emits = ..`.
    Declared(Emits),
    /// The aggregate, in its `impl Handle<..>`.
    Aggregate,
    /// A mistake hides it.
    Unknown,
}

/// `#[require(condition, error)]`.
pub(super) struct Rule {
    pub(super) condition: Expr,
    pub(super) error: Expr,
}

const COMMAND: Grammar =
    Grammar { name: "command", keys: &["create", "emits", "aggregate", "name", "alias", "version", "oldest", "crate"] };

pub(super) fn parse<'a>(item: &'a DeriveInput, home: Home, diagnostics: &Diagnostics) -> CommandInput<'a> {
    let (mut create, mut krate) = (Once::<()>::default(), CratePath::default());
    let (mut aggregate, mut emits) = (Once::<Type>::default(), Once::<Option<Emits>>::default());
    let (mut name, mut aliases) = (Once::<LitStr>::default(), Vec::new());
    let (mut version, mut oldest) = (Once::<LitInt>::default(), Once::<LitInt>::default());
    let mentioned = COMMAND.read(&item.attrs, diagnostics, |key, input| match key.to_string().as_str() {
        "create" => create.set(key, value::flag(key, input)?),
        "aggregate" => aggregate.set(key, value::value(key, input, "a type")?),
        "emits" => emits.set(key, Emits::read(key, input, diagnostics)?),
        "name" => name.set(key, value::string(key, input)?),
        "alias" => {
            aliases.push(value::string(key, input)?);
            Ok(())
        }
        "version" => version.set(key, value::value(key, input, "a number")?),
        "oldest" => oldest.set(key, value::value(key, input, "a number")?),
        "crate" => krate.set(key, input),
        _ => Err(COMMAND.unknown(key)),
    });
    let requires = item.attrs.iter().filter(|attr| attr.path().is_ident("require"));
    let rules: Vec<_> = requires.filter_map(|attr| diagnostics.ok(Rule::of(attr))).collect();
    input::refuse_lifetimes(item, "a command", diagnostics);
    let is_known = |literal: Option<&LitInt>, key| literal.is_some() || mentioned.lacks(key);
    let versions = CommandVersions {
        is_known: is_known(version.get(), "version") && is_known(oldest.get(), "oldest"),
        name: name.take(),
        aliases,
        version: version.take(),
        oldest: oldest.take(),
    };
    let private = krate.private(home);
    let fields = input::fields(item, "a command", "write one for each variant", diagnostics);
    let mut command = CommandInput {
        item,
        stored: versions.expand(item, &private, &fields, diagnostics),
        private,
        fields,
        creates: create.get().is_some(),
        error: rules.iter().find_map(|rule| type_of(&rule.error)),
        aggregate: aggregate.take(),
        handler: match emits.take() {
            Some(Some(emits)) => Handler::Declared(emits),
            None if mentioned.lacks("emits") => Handler::Aggregate,
            _ => Handler::Unknown,
        },
        rules,
    };
    command.check(&mentioned, diagnostics);
    command
}

impl CommandInput<'_> {
    /// Reports mistakes, and leaves out what is known to be one.
    fn check(&mut self, mentioned: &Mentioned, diagnostics: &Diagnostics) {
        if !matches!(self.item.data, Data::Struct(_)) || self.item.generics.lifetimes().next().is_some() {
            self.rules.clear();
            self.handler = Handler::Unknown;
            return;
        }
        if let Handler::Declared(emits) = &self.handler {
            let mut is_whole = self.carries_its_own_fields(emits, diagnostics);
            is_whole &= self.knows_the_state(mentioned, emits.values().collect(), diagnostics);
            if !is_whole {
                self.handler = Handler::Unknown;
            }
        }
        let mut rules = std::mem::take(&mut self.rules);
        rules.retain(|rule| {
            let expressions = [&rule.condition, &rule.error].map(ToTokens::to_token_stream);
            self.knows_the_state(mentioned, expressions.into_iter().collect(), diagnostics)
        });
        if let (Some(rule), None, None) = (rules.first(), &self.error, &self.aggregate) {
            if mentioned.lacks("aggregate") {
                diagnostics.error(
                    &rule.error,
                    "the type of this error cannot be seen here; write it as `Type::Variant`, \
                     or name the aggregate: `#[command(aggregate = .., ..)]`",
                );
            }
            rules.clear();
        }
        self.rules = rules;
    }

    fn carries_its_own_fields(&self, emits: &Emits, diagnostics: &Diagnostics) -> bool {
        let carried = emits.fields.iter().filter(|(_, value)| value.is_none()).map(|(field, _)| field);
        let missing: Vec<_> = carried.filter(|field| !self.has_field(field)).collect();
        for field in &missing {
            let message =
                format!("the command has no field `{field}` to carry over; write `{field}: ..` with its value");
            diagnostics.error(field, message);
        }
        missing.is_empty()
    }

    fn has_field(&self, name: &Ident) -> bool {
        self.fields.iter().any(|field| matches!(&field.member, syn::Member::Named(ident) if ident == name))
    }

    /// Refuses to look at the state of no aggregate in particular.
    fn knows_the_state(&self, mentioned: &Mentioned, expressions: TokenStream, diagnostics: &Diagnostics) -> bool {
        let state = Ident::new("state", Span::call_site());
        let Some(token) = input::find(expressions, &state) else { return true };
        if self.aggregate.is_none() && mentioned.lacks("aggregate") {
            diagnostics.error(token, "to look at the state, name whose it is: `#[command(aggregate = .., ..)]`");
        }
        self.aggregate.is_some()
    }
}

impl Rule {
    fn of(attr: &Attribute) -> syn::Result<Self> {
        match &attr.meta {
            Meta::List(list) if !list.tokens.is_empty() => list.parse_args(),
            meta => Err(syn::Error::new_spanned(meta, RULE)),
        }
    }
}

const RULE: &str = "a rule says what must hold and which error to give: `#[require(command.amount > 0, Error::..)]`";

impl Parse for Rule {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let condition: Expr = input.parse()?;
        if input.is_empty() {
            return Err(syn::Error::new_spanned(&condition, RULE));
        }
        input.parse::<Token![,]>()?;
        if input.is_empty() {
            return Err(syn::Error::new_spanned(&condition, RULE));
        }
        let error = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error("a rule has one condition and one error; write another `#[require(..)]`"));
        }
        Ok(Self { condition, error })
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
