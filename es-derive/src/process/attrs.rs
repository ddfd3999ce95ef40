//! `#[process(..)]`.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{DeriveInput, Expr, LitStr, Path, Token, Type, parenthesized};

use crate::attr::{Grammar, Mentioned};
use crate::diagnostics::Diagnostics;
use crate::entries::{self, Entry};
use crate::input;
use crate::stored_name;
use crate::text;
use crate::value::{self, CratePath, Home, Once};

/// A process manager as the user wrote it.
pub(super) struct ProcessInput<'a> {
    pub(super) item: &'a DeriveInput,
    pub(super) private: Path,
    pub(super) name: String,
    pub(super) id: Option<Type>,
    /// Stands for a type that a mistake left unknown.
    pub(super) unknown: proc_macro2::TokenStream,
    pub(super) events: Vec<ProcessEvent>,
    pub(super) deadlines: Vec<Entry>,
    pub(super) commands: Vec<Sent>,
}

/// `TransferRequested(start, key = event.transfer.clone())`.
pub(super) struct ProcessEvent {
    pub(super) event: Entry,
    pub(super) role: Role,
    pub(super) ends: bool,
    pub(super) key: Expr,
}

/// What an event is to its process.
#[derive(Clone, Copy)]
pub(super) struct Role {
    /// As the user writes it.
    pub(super) word: &'static str,
    /// As `Role` of the core calls it.
    pub(super) variant: &'static str,
}

/// `Account(Withdraw, Deposit)`: commands, and the aggregate that they go to.
pub(super) struct Sent {
    pub(super) aggregate: Entry,
    pub(super) commands: Vec<Entry>,
}

const PROCESS: Grammar = Grammar { name: "process", keys: &["name", "id", "events", "deadlines", "commands", "crate"] };

const ROLES: [Role; 4] = [
    Role { word: "start", variant: "Start" },
    Role { word: "start_or_continue", variant: "StartOrContinue" },
    Role { word: "continue_or_ignore", variant: "ContinueOrIgnore" },
    Role { word: "continue_or_fail", variant: "ContinueOrFail" },
];

const NO_EVENTS: &str = "a process manager reacts to events; write `events(Requested(start, key = ..), ..)`";

const CONTINUE: &str = "say what happens where no such process is running: `continue_or_ignore` or `continue_or_fail`";

pub(super) fn parse<'a>(item: &'a DeriveInput, home: Home, diagnostics: &Diagnostics) -> ProcessInput<'a> {
    let (mut name, mut id, mut krate) = (Once::<LitStr>::default(), Once::<Type>::default(), CratePath::default());
    let (mut events, mut deadlines) = (Once::<Vec<ProcessEvent>>::default(), Once::<Vec<Entry>>::default());
    let mut commands = Once::<Vec<Sent>>::default();
    let mentioned = PROCESS.read(&item.attrs, diagnostics, |key, input| match key.to_string().as_str() {
        "name" => name.set(key, value::string(key, input)?),
        "id" => id.set(key, value::value(key, input, "a type")?),
        "events" => events.set(key, process_events(key, input, diagnostics)?),
        "deadlines" => deadlines.set(key, entries::list(key, input, "deadline", diagnostics)?),
        "commands" => commands.set(key, value::list(key, input, diagnostics)?),
        "crate" => krate.set(key, input),
        _ => Err(PROCESS.unknown(key)),
    });
    input::fields(item, "a process manager", "write one that holds the enum", diagnostics);
    for param in &item.generics.params {
        diagnostics.error(param, "a process manager has no parameters, since its stored name stands for one type");
    }
    let suggestion = text::separated(&item.ident, '_');
    report_missing(item, &mentioned, &suggestion, diagnostics);
    let mut commands = commands.take().unwrap_or_default();
    if !item.generics.params.is_empty() {
        // What it lists is for a type without parameters, and would be said to be missing for this one.
        (events, deadlines, commands) = (Once::default(), Once::default(), Vec::new());
    }
    ProcessInput {
        item,
        private: krate.private(home),
        name: name.get().and_then(|name| stored_name::category(name, "process", diagnostics)).unwrap_or(suggestion),
        id: id.take(),
        unknown: diagnostics.unknown_type(),
        events: events.take().unwrap_or_default(),
        deadlines: deadlines.take().unwrap_or_default(),
        commands: sent_once(commands, diagnostics),
    }
}

fn report_missing(item: &DeriveInput, mentioned: &Mentioned, suggestion: &str, diagnostics: &Diagnostics) {
    let place = PROCESS.place(item);
    if mentioned.is_nothing() {
        let keys = format!("name = \"{suggestion}\", id = String, events(Requested(start, key = ..), ..)");
        diagnostics.error(place, format!("a process manager says what it reacts to: `#[process({keys})]`"));
        return;
    }
    let name = format!("a process manager needs a stored name for its streams; write `name = \"{suggestion}\"`");
    let missing = [
        ("name", name.as_str()),
        ("id", "a process manager needs an id; write `id = String`, or another type that displays itself"),
        ("events", NO_EVENTS),
    ];
    for (_, message) in missing.iter().filter(|(key, _)| mentioned.lacks(key)) {
        diagnostics.error(&place, message);
    }
}

/// The events of `events(..)`, each once; one of them starts the process.
fn process_events(key: &Ident, input: ParseStream, diagnostics: &Diagnostics) -> syn::Result<Vec<ProcessEvent>> {
    let before = diagnostics.count();
    let mut kept: Vec<ProcessEvent> = Vec::new();
    for event in value::list::<ProcessEvent>(key, input, diagnostics)? {
        let ty = event.event.text();
        if kept.iter().any(|other| other.event.text() == ty) {
            diagnostics.error(&event.event.ty, format!("event `{ty}` is listed twice; remove one of them"));
        } else {
            kept.push(event);
        }
    }
    if diagnostics.count() > before {
        return Ok(kept);
    }
    if kept.is_empty() {
        diagnostics.error(key, NO_EVENTS);
    } else if !kept.iter().any(|event| event.role.word.starts_with("start")) {
        diagnostics.error(key, "no event starts the process; write `start` or `start_or_continue` at one of them");
    }
    Ok(kept)
}

/// The commands without those that are listed twice for one aggregate, which are mistakes.
fn sent_once(all: Vec<Sent>, diagnostics: &Diagnostics) -> Vec<Sent> {
    let mut kept: Vec<Sent> = Vec::new();
    for Sent { aggregate, commands } in all {
        let ty = aggregate.text();
        if kept.iter().any(|sent| sent.aggregate.text() == ty) {
            let message = format!("the commands to `{ty}` are listed twice; write all in one `{ty}(..)`");
            diagnostics.error(&aggregate.ty, message);
            continue;
        }
        kept.push(Sent { aggregate, commands: entries::unique(commands, "command", diagnostics) });
    }
    kept
}

impl Parse for ProcessEvent {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let event = listed(input)?;
        let name = event.text();
        let what = format!("say what the event is to the process, and which it belongs to: `{name}(start, key = ..)`");
        if !input.peek(syn::token::Paren) {
            return Err(syn::Error::new_spanned(&event.ty, what));
        }
        let content;
        parenthesized!(content in input);
        let (mut role, mut ends, mut key) = (None, Once::<()>::default(), Once::<Expr>::default());
        while !content.is_empty() {
            let word: Ident = content.call(Ident::parse_any)?;
            match word.to_string().as_str() {
                "key" => key.set(&word, value::value(&word, &content, "an expression")?)?,
                "end" => ends.set(&word, value::flag(&word, &content)?)?,
                "continue" => return Err(syn::Error::new_spanned(&word, CONTINUE)),
                _ => role = Some(only(role, &word)?),
            }
            if !content.is_empty() {
                content.parse::<Token![,]>()?;
            }
        }
        let Some(role) = role else { return Err(syn::Error::new_spanned(&event.ty, role_of(&name))) };
        let Some(key) = key.take() else {
            let message = format!("say which process `{name}` belongs to: `key = event.some_field.clone()`");
            return Err(syn::Error::new_spanned(&event.ty, message));
        };
        Ok(Self { event, role, ends: ends.get().is_some(), key })
    }
}

/// The role that `word` names, if there is no other.
fn only(role: Option<Role>, word: &Ident) -> syn::Result<Role> {
    let Some(found) = ROLES.into_iter().find(|role| word == role.word) else {
        let words: Vec<_> = ROLES.iter().map(|role| role.word).chain(["end", "key"]).collect();
        let text = word.to_string();
        let message = match words.iter().find(|known| text::is_misspelt(&text, known)) {
            Some(meant) => format!("unknown word `{word}`; did you mean `{meant}`?"),
            None => format!("unknown word `{word}`; an event of a process takes {}", text::list(&words)),
        };
        return Err(syn::Error::new_spanned(word, message));
    };
    match role {
        None => Ok(found),
        Some(Role { word: other, .. }) => {
            let message = format!("an event is one thing to a process, and this one is `{other}`; remove one of them");
            Err(syn::Error::new_spanned(word, message))
        }
    }
}

fn role_of(name: &str) -> String {
    let words: Vec<_> = ROLES.iter().map(|role| role.word).collect();
    format!("say what `{name}` is to the process, one of {}", text::list(&words))
}

impl Parse for Sent {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        let aggregate = listed(input)?;
        if !input.peek(syn::token::Paren) {
            let name = aggregate.text();
            let message = format!("commands are listed under the aggregate that they go to: `Aggregate({name}, ..)`");
            return Err(syn::Error::new_spanned(&aggregate.ty, message));
        }
        let content;
        parenthesized!(content in input);
        if content.is_empty() {
            let name = aggregate.text();
            let message = format!("no command goes to `{name}`; list some, or remove it");
            return Err(syn::Error::new_spanned(&aggregate.ty, message));
        }
        let commands = syn::punctuated::Punctuated::<Entry, Token![,]>::parse_terminated(&content)?;
        Ok(Self { aggregate, commands: commands.into_iter().collect() })
    }
}

/// A path before parentheses, which must not be taken for those of `Fn(..)`.
fn listed(input: ParseStream) -> syn::Result<Entry> {
    let path = Path::parse_mod_style(input)
        .map_err(|error| syn::Error::new(error.span(), "only the path of a struct can be listed here"))?;
    match path.segments.last() {
        Some(last) => {
            let variant = last.ident.clone();
            Ok(Entry { variant, ty: Type::Path(syn::TypePath { attrs: Vec::new(), qself: None, path }) })
        }
        None => Err(syn::Error::new_spanned(&path, "only the path of a struct can be listed here")),
    }
}
