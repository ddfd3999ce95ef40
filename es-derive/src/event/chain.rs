//! Checks that the hops lead from the oldest version to the current one, and finds what each of them reads and makes.

use syn::{Path, Type};

use super::attrs::{EventInput, Versions};
use super::change::Change;
use super::hop::{Hop, Typed, Way};
use super::shape::{self, Shape};
use crate::diagnostics::Diagnostics;
use crate::input;
use crate::text;

/// The hop from an older version to the next.
pub(super) struct Step<'a> {
    pub(super) from: u32,
    pub(super) kind: StepKind<'a>,
    /// What it makes.
    pub(super) newer: Form<'a>,
}

pub(super) enum StepKind<'a> {
    /// The older shape is `older`, a private struct that the derive writes.
    Fields { older: Shape, changes: &'a [Change] },
    /// The older shape is a type of the user's.
    Typed(&'a Typed),
    /// The older shape is the newer one.
    Unchanged,
    /// The older shape is a JSON value.
    Json(&'a Path),
}

/// What a version is while it is on its way to the current one.
#[derive(Clone)]
pub(super) enum Form<'a> {
    /// A shape whose fields are known; the current one, if its version is the event's.
    Shape(Shape),
    /// A type of the user's.
    Type(&'a Type),
    /// A JSON value.
    Json,
}

/// The steps from the oldest version up; none if there is a mistake in the chain.
pub(super) fn check<'a>(event: &'a EventInput<'_>, diagnostics: &Diagnostics) -> Vec<Step<'a>> {
    let before = diagnostics.count();
    let steps = steps(event, diagnostics);
    if diagnostics.count() == before { steps } else { Vec::new() }
}

fn steps<'a>(event: &'a EventInput<'_>, diagnostics: &Diagnostics) -> Vec<Step<'a>> {
    let (Some(versions), Some(hops)) = (event.versions, &event.hops) else { return Vec::new() };
    let hops = in_order(event, versions, hops, diagnostics);
    let by_field = hops.iter().find_map(|hop| if let Way::Fields { key, .. } = &hop.way { Some(key) } else { None });
    if let Some(key) = by_field {
        if !input::has_named_fields(event.item) {
            if event.is_struct() {
                diagnostics.error(key, "upcasts by field need a struct with named fields; use `from = Old`");
            }
            return Vec::new();
        }
        shape::refuse_container_attributes(event, diagnostics);
    }
    // From the newest to the oldest, because a shape is made from the one after it.
    let mut newer = Some(Form::Shape(Shape::current(event)));
    let (mut next, mut steps) = (versions.current, Vec::new());
    for hop in hops.iter().rev() {
        // A gap hides what is older.
        let known = newer.take().filter(|_| hop.from + 1 == next);
        next = hop.from;
        if let Some((kind, older)) = step(event, hop, known.as_ref(), diagnostics) {
            steps.extend(known.map(|newer| Step { from: hop.from, kind, newer }));
            newer = Some(older);
        }
    }
    // An older version that a mistake hides leaves no steps that could be taken from it.
    if newer.is_none() {
        return Vec::new();
    }
    steps.reverse();
    steps
}

/// What the hop does, and the form of the older version; `newer` is `None` if a mistake hides it.
fn step<'a>(
    event: &EventInput<'_>,
    hop: &'a Hop,
    newer: Option<&Form<'a>>,
    diagnostics: &Diagnostics,
) -> Option<(StepKind<'a>, Form<'a>)> {
    let (next, after) = (hop.from + 1, hop.from + 2);
    match (&hop.way, newer) {
        (Way::Unknown, _) | (Way::Fields { .. } | Way::Unchanged, None) => None,
        (Way::Unchanged, Some(newer)) => Some((StepKind::Unchanged, newer.clone())),
        (Way::Json(function), _) => Some((StepKind::Json(function), Form::Json)),
        (Way::Fields { changes, name, .. }, Some(Form::Shape(shape))) => {
            let mut older = shape.before(changes, hop.from, event, diagnostics);
            older.name.clone_from(name);
            if let (Some(name), Some(param)) = (name, event.generics.type_params().next()) {
                let message = format!(
                    "the older struct of {} with type parameters, such as `{}`, cannot be named; \
                     write it yourself: `from = Old`",
                    if event.noun == "events" { "an event" } else { "a command" },
                    param.ident
                );
                diagnostics.error(name, message);
            }
            Some((StepKind::Fields { older: older.clone(), changes }, Form::Shape(older)))
        }
        (Way::Fields { key, .. }, Some(form @ (Form::Type(_) | Form::Json))) => {
            let (is, instead) = match form {
                Form::Json => ("takes JSON", "with = function"),
                _ => ("is typed", "from = Old"),
            };
            let message = format!(
                "the fields of version {next} are not known here, because `{next} => {after}` {is}; \
                 write this one as `{instead}`, too"
            );
            diagnostics.error(key, message);
            None
        }
        (Way::Typed(typed), Some(Form::Shape(shape))) if shape.version != event.version() && shape.name.is_none() => {
            let (name, known) = (text::name(event.ident), shape.version);
            let message = format!(
                "version {next} has no type that this one could become, because `{known} => {}` is by field; \
                 name its older struct: `#[upcast({known} => {}, .., as = {name}V{known})]`",
                known + 1,
                known + 1
            );
            diagnostics.error(&typed.old, message);
            None
        }
        (Way::Typed(typed), Some(Form::Json)) => {
            let message = format!(
                "version {next} has no type of yours that this one could become, because `{next} => {after}` \
                 takes JSON; write this one as `with = function`, too"
            );
            diagnostics.error(&typed.old, message);
            None
        }
        (Way::Typed(typed), _) => Some((StepKind::Typed(typed), Form::Type(&typed.old))),
    }
}

/// The hops by version, each once; a gap is a mistake.
fn in_order<'a>(
    event: &EventInput<'_>,
    Versions { oldest, current }: Versions,
    all: &'a [Hop],
    diagnostics: &Diagnostics,
) -> Vec<&'a Hop> {
    let mut hops: Vec<&Hop> = Vec::new();
    for hop in all {
        let next = hop.from + 1;
        let message = if hop.from >= current {
            format!(
                "this hop leads beyond the current version, which is {current}; write `version = {next}` or remove it"
            )
        } else if hop.from < oldest {
            format!("{} older than version {oldest} are not read, so this hop is never taken; remove it", event.noun)
        } else if hops.iter().any(|earlier| earlier.from == hop.from) {
            format!("there are two hops `{} => {next}`; write all changes into one", hop.from)
        } else {
            hops.push(hop);
            continue;
        };
        diagnostics.push(syn::Error::new(hop.span, message));
    }
    hops.sort_by_key(|hop| hop.from);
    let mut reached = oldest;
    for from in hops.iter().map(|hop| hop.from).chain([current]) {
        if reached < from {
            diagnostics.push(syn::Error::new(event.version_span, gap(event.noun, reached, from, current)));
        }
        reached = from + 1;
    }
    hops
}

/// What is missing from version `from` to version `to`.
fn gap(noun: &str, from: u32, to: u32, current: u32) -> String {
    let (next, last) = (from + 1, to - 1);
    if next == to {
        format!(
            "{noun} stored as version {from} cannot be brought to version {current}; \
             write `#[upcast({from} => {to}, ..)]`, or `oldest = {to}` if none is stored"
        )
    } else {
        format!(
            "{noun} stored as versions {from} to {last} cannot be brought to version {current}; \
             write `#[upcast({from} => {next}, ..)]` and so on, up to `#[upcast({last} => {to}, ..)]`, \
             or `oldest = {to}` if none is stored"
        )
    }
}
