//! Checks that the hops lead from version 1 to the current one, and reconstructs the shape of each.

use quote::ToTokens;

use super::attrs::EventInput;
use super::hop::{Change, Hop, Way};
use super::shape::{self, Shape};
use crate::diagnostics::Diagnostics;
use crate::input;

/// The hop from an older version to the next, with the older shape.
pub(super) struct Step<'a> {
    pub(super) from: u32,
    pub(super) kind: StepKind<'a>,
}

pub(super) enum StepKind<'a> {
    /// The older shape is `older`, a private struct that the derive writes.
    Fields { older: Shape, newer: Shape, changes: &'a [Change] },
    /// The older shape is a type of the user's.
    Typed(&'a syn::Type),
}

/// The steps from version 1 up; of no use if a mistake was reported.
pub(super) fn check<'a>(event: &'a EventInput<'_>, diagnostics: &Diagnostics) -> Vec<Step<'a>> {
    let hops = in_order(event, diagnostics);
    let by_field = hops.iter().find(|hop| matches!(hop.way, Way::Fields(_)));
    if let Some(hop) = by_field {
        if !input::has_named_fields(event.item) {
            let message = "upcasts by field need a struct with named fields; use `from = Old`";
            diagnostics.push(syn::Error::new(hop.span, message));
            return Vec::new();
        }
        shape::refuse_container_attributes(event, diagnostics);
    }
    // From the newest to the oldest, because a shape is made from the one after it.
    let mut newer = Some(Shape::current(event));
    let mut steps = Vec::new();
    for hop in hops.iter().rev() {
        let kind = match &hop.way {
            Way::Typed(old) => {
                if hop.from + 1 < event.version && newer.is_some() {
                    diagnostics.error(
                        old,
                        format!(
                            "version {next} has no type of yours that this one could become, because `{next} => {after}` \
                             is by field; write that one as `from = Old`, too",
                            next = hop.from + 1,
                            after = hop.from + 2,
                        ),
                    );
                }
                newer = None;
                StepKind::Typed(old)
            }
            Way::Fields(changes) => {
                let Some(shape) = newer.take() else {
                    diagnostics.push(syn::Error::new(
                        hop.span,
                        format!(
                            "the fields of version {next} are not known here, because `{next} => {after}` is typed; \
                             write this one as `from = Old`, too",
                            next = hop.from + 1,
                            after = hop.from + 2,
                        ),
                    ));
                    return Vec::new();
                };
                let older = shape.before(changes, hop.from, diagnostics);
                newer = Some(older.clone());
                StepKind::Fields { older, newer: shape, changes }
            }
        };
        steps.push(Step { from: hop.from, kind });
    }
    steps.reverse();
    steps
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
        for missing in (1..event.version).filter(|from| !hops.iter().any(|hop| hop.from == *from)) {
            diagnostics.push(syn::Error::new(
                event.version_span,
                format!(
                    "events stored as version {missing} cannot be brought to version {}; write \
                     `#[upcast({missing} => {}, ..)]`",
                    event.version,
                    missing + 1
                ),
            ));
        }
    }
    hops
}

/// What is shown for a list of fields.
pub(super) fn listed<T: ToTokens>(fields: impl Iterator<Item = T>) -> String {
    let names: Vec<_> = fields.map(|field| format!("`{}`", field.to_token_stream())).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", ") }
}
