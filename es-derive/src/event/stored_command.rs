//! The versions of a command that is stored before it is sent: told, checked and read as those of an event are.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::{DeriveInput, LitInt, LitStr, Path};

use super::attrs::{EventInput, Versions, is_ordered};
use super::hop::Hop;
use super::{chain, hops, wire};
use crate::diagnostics::Diagnostics;
use crate::input::Field;
use crate::stored_name;
use crate::text;
use crate::value;

/// What the user says about the versions of a command.
#[derive(Default)]
pub(crate) struct CommandVersions {
    pub(crate) name: Option<LitStr>,
    pub(crate) aliases: Vec<LitStr>,
    pub(crate) version: Option<LitInt>,
    pub(crate) oldest: Option<LitInt>,
    /// Whether none of the two numbers is hidden by a mistake.
    pub(crate) is_known: bool,
}

/// What is written for it.
pub(crate) struct StoredCommand {
    /// Older structs that the user has named; they stand beside the command.
    pub(crate) named: TokenStream,
    /// Older structs and hops.
    pub(crate) hidden: TokenStream,
    /// The methods of the trait that a command with one version has from the trait.
    pub(crate) methods: TokenStream,
    /// What the model says of it, field by field.
    pub(crate) model: TokenStream,
}

impl CommandVersions {
    pub(crate) fn expand(
        &self,
        item: &DeriveInput,
        private: &Path,
        fields: &[Field],
        diagnostics: &Diagnostics,
    ) -> StoredCommand {
        let site = Span::mixed_site();
        let upcasts = item.attrs.iter().filter(|attr| attr.path().is_ident("upcast"));
        let hops: Vec<_> = upcasts.map(|attr| Hop::parse(attr, diagnostics)).collect();
        let name = self.name.as_ref().and_then(|literal| stored_name::check(literal, diagnostics));
        let aliases: Vec<_> =
            self.aliases.iter().filter_map(|literal| stored_name::check(literal, diagnostics)).collect();
        let name = name.unwrap_or_else(|| text::name(&item.ident));
        if let Some(alias) = self.aliases.iter().find(|alias| alias.value() == name) {
            diagnostics.error(alias, format!("the command is kept as `{name}` already; remove this alias"));
        }
        let number = |literal: &Option<LitInt>| match literal {
            Some(literal) => diagnostics.ok(value::version(literal)),
            None => self.is_known.then_some(1),
        };
        let versions = number(&self.version).zip(number(&self.oldest));
        let versions = versions.map(|(current, oldest)| Versions { oldest, current });
        let generic = item.generics.params.first().filter(|_| self.version.is_some() || !hops.is_empty());
        if let Some(param) = generic {
            diagnostics.error(param, "a command with parameters has one version, since no process can list it");
        }
        let input = EventInput {
            noun: "commands",
            item,
            ident: &item.ident,
            generics: &item.generics,
            private: private.clone(),
            name: Some(name.clone()),
            aliases,
            versions: versions
                .filter(|versions| generic.is_none() && is_ordered(*versions, self.oldest.as_ref(), diagnostics)),
            version_span: self.version.as_ref().map_or(item.ident.span(), LitInt::span),
            fields: fields.to_vec(),
            hops: hops.into_iter().collect(),
        };
        let steps = chain::check(&input, diagnostics);
        let older: Vec<_> = steps.iter().map(|step| hops::older_shape(&input, step)).collect();
        let (named, hidden) = (older.iter().map(|older| &older.named), older.iter().map(|older| &older.hidden));
        let (version, oldest, aliases) = (input.version(), input.oldest(), &input.aliases);
        let told = steps.iter().map(|step| {
            let from = step.from;
            let changes = input.hops.iter().flatten().filter(|hop| hop.from == from).flat_map(|hop| &hop.changes);
            quote_spanned!(site=> #private::HopModel { from: #from, changes: &[#(#changes),*] })
        });
        let model = quote_spanned! {site=>
            name: #name,
            aliases: &[#(#aliases),*],
            version: #version,
            oldest: #oldest,
            hops: &[#(#told),*],
        };
        let arms = steps.iter().map(|step| hops::decode_arm(&input, &steps, step));
        let shape_of_version = wire::of_version(&input, &steps);
        let methods = if steps.is_empty() {
            TokenStream::new()
        } else {
            quote_spanned! {site=>
                fn shape_of(version: u32) -> ::core::option::Option<#private::Shape> {
                    #shape_of_version
                }

                fn decode<__C: #private::Codec>(
                    codec: &__C,
                    recorded: &#private::RecordedEvent,
                ) -> ::core::result::Result<Self, #private::DecodeError> {
                    match recorded.schema_version {
                        #version => #private::payload(codec, recorded),
                        #(#arms)*
                        _ => ::core::result::Result::Err(#private::unknown_version(recorded, #oldest, #version)),
                    }
                }
            }
        };
        StoredCommand {
            named: quote_spanned!(site=> #(#named)*),
            hidden: quote_spanned!(site=> #(#hidden)*),
            methods,
            model,
        }
    }
}
