//! Checks that the hops lead from the oldest version to the current one, and finds what each of them reads and makes.

use syn::{Path, Type};

use super::attrs::EventInput;
use super::change::Change;
use super::hop::{Hop, Typed, Way};
use super::shape::{self, Shape};
use crate::diagnostics::Diagnostics;
use crate::input;

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

/// The steps from the oldest version up; of no use if a mistake was reported.
pub(super) fn check<'a>(event: &'a EventInput<'_>, diagnostics: &Diagnostics) -> Vec<Step<'a>> {
    let hops = in_order(event, diagnostics);
    if let Some(hop) = hops.iter().find(|hop| matches!(hop.way, Way::Fields(_))) {
        if !input::has_named_fields(event.item) {
            let message = "upcasts by field need a struct with named fields; use `from = Old`";
            diagnostics.push(syn::Error::new(hop.span, message));
            return Vec::new();
        }
        shape::refuse_container_attributes(event, diagnostics);
    }
    // From the newest to the oldest, because a shape is made from the one after it.
    let mut newer = Form::Shape(Shape::current(event));
    let mut steps = Vec::new();
    for hop in hops.iter().rev() {
        let Some((kind, older)) = step(event, hop, &newer, diagnostics) else { return Vec::new() };
        steps.push(Step { from: hop.from, kind, newer });
        newer = older;
    }
    steps.reverse();
    steps
}

/// What the hop does, and the form of the older version.
fn step<'a>(
    event: &EventInput<'_>,
    hop: &'a Hop,
    newer: &Form<'a>,
    diagnostics: &Diagnostics,
) -> Option<(StepKind<'a>, Form<'a>)> {
    let (next, after) = (hop.from + 1, hop.from + 2);
    let refuse = |message: String| {
        diagnostics.push(syn::Error::new(hop.span, message));
        None
    };
    match (&hop.way, newer) {
        (Way::Fields(changes), Form::Shape(shape)) => {
            let older = shape.before(changes, hop.from, event, diagnostics);
            Some((StepKind::Fields { older: older.clone(), changes }, Form::Shape(older)))
        }
        (Way::Fields(_), Form::Type(_)) => refuse(format!(
            "the fields of version {next} are not known here, because `{next} => {after}` is typed; \
             write this one as `from = Old`, too"
        )),
        (Way::Fields(_), Form::Json) => refuse(format!(
            "the fields of version {next} are not known here, because `{next} => {after}` takes JSON; \
             write this one as `with = function`, too"
        )),
        (Way::Typed(typed), Form::Shape(shape)) if shape.version == event.version => {
            Some((StepKind::Typed(typed), Form::Type(&typed.old)))
        }
        (Way::Typed(typed), Form::Type(_)) => Some((StepKind::Typed(typed), Form::Type(&typed.old))),
        (Way::Typed(typed), Form::Shape(_)) => {
            diagnostics.error(
                &typed.old,
                format!(
                    "version {next} has no type of yours that this one could become, because `{next} => {after}` \
                     is by field; write that one as `from = Old`, too"
                ),
            );
            None
        }
        (Way::Typed(typed), Form::Json) => {
            diagnostics.error(
                &typed.old,
                format!(
                    "version {next} has no type of yours that this one could become, because `{next} => {after}` \
                     takes JSON; write this one as `with = function`, too"
                ),
            );
            None
        }
        (Way::Json(function), _) => Some((StepKind::Json(function), Form::Json)),
    }
}

/// The hops by version, each once, without a gap.
fn in_order<'a>(event: &'a EventInput<'_>, diagnostics: &Diagnostics) -> Vec<&'a Hop> {
    let mut hops: Vec<&Hop> = Vec::new();
    for hop in &event.hops {
        let next = hop.from + 1;
        if hop.from >= event.version {
            diagnostics.push(syn::Error::new(
                hop.span,
                format!(
                    "this hop leads beyond the current version, which is {}; write `version = {next}` or remove it",
                    event.version
                ),
            ));
        } else if hop.from < event.oldest {
            let message = format!(
                "events older than version {} are not read, so this hop is never taken; remove it",
                event.oldest
            );
            diagnostics.push(syn::Error::new(hop.span, message));
        } else if hops.iter().any(|earlier| earlier.from == hop.from) {
            let message = format!("there are two hops `{} => {next}`; write all changes into one", hop.from);
            diagnostics.push(syn::Error::new(hop.span, message));
        } else {
            hops.push(hop);
        }
    }
    hops.sort_by_key(|hop| hop.from);
    // A hop that was reported as wrong is not missing, too.
    let written = event.item.attrs.iter().filter(|attr| attr.path().is_ident("upcast")).count();
    if written == event.hops.len() {
        for missing in (event.oldest..event.version).filter(|from| !hops.iter().any(|hop| hop.from == *from)) {
            diagnostics.push(syn::Error::new(
                event.version_span,
                format!(
                    "events stored as version {missing} cannot be brought to version {}; write \
                     `#[upcast({missing} => {next}, ..)]`, or `oldest = {next}` if none is stored",
                    event.version,
                    next = missing + 1
                ),
            ));
        }
    }
    hops
}
