//! The grammar that the attributes of all derives share: `#[event(key = value, key(list), flag)]`.
//!
//! What a key means is for the derive that knows it; what follows a key is read in `value`.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, DeriveInput, Meta, Token};

use crate::diagnostics::Diagnostics;
use crate::text;

/// An attribute, with the keys that it knows.
pub(crate) struct Grammar {
    pub(crate) name: &'static str,
    pub(crate) keys: &'static [&'static str],
}

impl Grammar {
    /// Hands each `key ..` to `each`, and goes on after a mistake with the next one.
    pub(crate) fn read(
        &self,
        attrs: &[Attribute],
        diagnostics: &Diagnostics,
        mut each: impl FnMut(&Ident, ParseStream) -> syn::Result<()>,
    ) -> Mentioned {
        let mut mentioned = Mentioned::default();
        let says_something = |attr: &&Attribute| attr.path().is_ident(self.name) && !matches!(attr.meta, Meta::Path(_));
        for attr in attrs.iter().filter(says_something) {
            let before = diagnostics.count();
            let parsed = attr.parse_args_with(|input: ParseStream| {
                let mut is_garbled = false;
                let is_read = between_commas(input, diagnostics, |input| {
                    let key = self.key(input).inspect_err(|_| is_garbled = true)?;
                    mentioned.keys.push(self.meant(&key));
                    each(&key, input)
                });
                mentioned.is_garbled |= is_garbled || !is_read;
                Ok(())
            });
            match parsed {
                // What a mistake leaves unread is no second mistake.
                Err(error) if diagnostics.count() == before => {
                    mentioned.is_garbled = true;
                    diagnostics.push(error);
                }
                _ => {}
            }
        }
        mentioned
    }

    /// The next key, known or not.
    pub(crate) fn key(&self, input: ParseStream) -> syn::Result<Ident> {
        let no_key = |_| syn::Error::new(input.span(), format!("expected one of {}", self.keys()));
        input.call(Ident::parse_any).map_err(no_key)
    }

    /// The error for a key that is not known here.
    pub(crate) fn unknown(&self, key: &Ident) -> syn::Error {
        let meant = self.meant(key);
        let message = if self.keys.contains(&meant.as_str()) {
            format!("unknown key `{key}`; did you mean `{meant}`?")
        } else {
            format!("unknown key `{key}`; `#[{}(..)]` knows {}", self.name, self.keys())
        };
        syn::Error::new_spanned(key, message)
    }

    /// The token to complain about if something is missing: the attribute, or else the item.
    pub(crate) fn place(&self, item: &DeriveInput) -> TokenStream {
        let mut paths = item.attrs.iter().map(Attribute::path);
        paths.find(|path| path.is_ident(self.name)).map_or(item.ident.to_token_stream(), ToTokens::to_token_stream)
    }

    fn meant(&self, key: &Ident) -> String {
        let key = key.to_string();
        match self.keys.iter().find(|known| text::is_misspelt(&key, known)) {
            Some(known) if !self.keys.contains(&key.as_str()) => (*known).to_owned(),
            _ => key,
        }
    }

    fn keys(&self) -> String {
        text::list(self.keys)
    }
}

/// The keys that were given, whether or not what follows them could be read.
#[derive(Default)]
pub(crate) struct Mentioned {
    keys: Vec<String>,
    is_garbled: bool,
}

impl Mentioned {
    /// Whether nothing was given at all.
    pub(crate) fn is_nothing(&self) -> bool {
        !self.is_garbled && self.keys.is_empty()
    }

    /// Whether this key was given.
    pub(crate) fn mentions(&self, key: &str) -> bool {
        self.keys.iter().any(|given| given == key)
    }

    /// Whether nothing was given that could have been this key.
    pub(crate) fn lacks(&self, key: &str) -> bool {
        !self.is_garbled && !self.mentions(key)
    }
}

/// Reads what stands between commas with `read`, and goes on after a mistake with the next.
///
/// Says whether all was read, mistakes of `read` aside.
pub(crate) fn between_commas(
    input: ParseStream,
    diagnostics: &Diagnostics,
    mut read: impl FnMut(ParseStream) -> syn::Result<()>,
) -> bool {
    let mut is_read = true;
    while !input.is_empty() {
        match read(input) {
            Ok(()) if input.is_empty() || input.peek(Token![,]) => {}
            Ok(()) => {
                diagnostics.push(syn::Error::new(input.span(), "expected `,`"));
                if input.peek(syn::Ident::peek_any) {
                    // Only the comma is missing.
                    continue;
                }
                is_read = false;
            }
            Err(error) => diagnostics.push(error),
        }
        while !input.is_empty() && !input.peek(Token![,]) {
            // The next token tree of a stream that is not empty.
            let _: syn::Result<TokenTree> = input.parse();
        }
        let _: syn::Result<Option<Token![,]>> = input.parse();
    }
    is_read
}
