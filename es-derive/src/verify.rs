//! `verify!(Account, cases = 256)`: one test for each law, in a module named after the aggregate.
//!
//! What the laws are is for es-testkit to know; it names them, and this writes a test for each name.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, Token, Type, bracketed};

use crate::diagnostics::Diagnostics;
use crate::text;
use crate::value;

/// What es-testkit hands over: its own path, its laws, and what the user wrote.
struct Verified {
    testkit: TokenTree,
    laws: Vec<Ident>,
    aggregate: Type,
    options: Vec<(Ident, Expr)>,
}

/// The methods of `Verify` that the user may call by a key.
const KEYS: &[&str] = &["cases", "length", "commands", "seed"];

pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let diagnostics = Diagnostics::new();
    let parsed = diagnostics.ok(syn::parse::Parser::parse2(|input: ParseStream| parse(input, &diagnostics), input));
    let mut expanded = match &parsed {
        Some(verified) if diagnostics.count() == 0 => verified.tests(),
        _ => TokenStream::new(),
    };
    expanded.extend(diagnostics.finish());
    expanded
}

fn parse(input: ParseStream, diagnostics: &Diagnostics) -> syn::Result<Verified> {
    let testkit = input.parse()?;
    let laws;
    bracketed!(laws in input);
    let laws = laws.parse_terminated(Ident::parse, Token![,])?.into_iter().collect();
    if input.is_empty() {
        let message = "name the aggregate whose laws are tested: `verify!(Account)`";
        return Err(syn::Error::new(Span::call_site(), message));
    }
    let aggregate: Type = input.parse()?;
    let mut options: Vec<(Ident, Expr)> = Vec::new();
    while !input.is_empty() {
        input.parse::<Token![,]>()?;
        if input.is_empty() {
            break;
        }
        let key = input.call(Ident::parse_any)?;
        let value = value::value(&key, input, "a value")?;
        let name = key.to_string();
        if options.iter().any(|(earlier, _)| *earlier == key) {
            diagnostics.error(&key, format!("`{key}` is given twice; remove one of them"));
        } else if !KEYS.contains(&name.as_str()) {
            let meant = KEYS.iter().find(|known| text::is_misspelt(&name, known));
            diagnostics.error(
                &key,
                match meant {
                    Some(meant) => format!("unknown key `{key}`; did you mean `{meant}`?"),
                    None => format!("unknown key `{key}`; `verify!` knows {}", text::list(KEYS)),
                },
            );
        }
        options.push((key, value));
    }
    Ok(Verified { testkit, laws, aggregate, options })
}

impl Verified {
    fn tests(&self) -> TokenStream {
        let site = Span::mixed_site();
        let Self { testkit, laws, aggregate, options } = self;
        let module = format_ident!("{}_laws", self.aggregate_name(), span = Span::call_site());
        let (keys, values): (Vec<_>, Vec<_>) = options.iter().map(|(key, value)| (key, value)).unzip();
        let tests = laws.iter().map(|law| {
            let test = Ident::new(&text::separated(law, '_'), Span::call_site());
            quote_spanned! {site=>
                #[test]
                fn #test() {
                    super::#module().assert(#testkit::verify::Law::#law);
                }
            }
        });
        // What the user wrote means what it means where it stands, which is outside of the module.
        quote_spanned! {site=>
            #[cfg(test)]
            fn #module() -> #testkit::verify::Verify<#aggregate> {
                #testkit::verify::Verify::<#aggregate>::new()
                    .locked_in(::core::env!("CARGO_MANIFEST_DIR"))
                    #(.#keys(#values))*
            }

            #[cfg(test)]
            mod #module {
                #(#tests)*
            }
        }
    }

    /// `bank::SavingsAccount` as `savings_account`.
    fn aggregate_name(&self) -> String {
        match &self.aggregate {
            Type::Path(path) => {
                path.path.segments.last().map_or_else(String::new, |last| text::separated(&last.ident, '_'))
            }
            _ => "aggregate".to_owned(),
        }
    }
}
