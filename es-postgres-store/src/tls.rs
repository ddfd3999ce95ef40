//! Whether and how connections are encrypted.

use tokio_postgres::{Client, Config, Error, NoTls};

/// How connections are encrypted.
#[derive(Clone)]
pub(crate) enum Tls {
    /// Not at all.
    None,
    /// By rustls.
    #[cfg(feature = "rustls")]
    Rustls(tokio_postgres_rustls::MakeRustlsConnect),
}

/// What drives a connection, whatever it runs over.
pub(crate) enum Driver {
    Plain(Box<tokio_postgres::Connection<tokio_postgres::Socket, tokio_postgres::tls::NoTlsStream>>),
    #[cfg(feature = "rustls")]
    Rustls(
        Box<
            tokio_postgres::Connection<
                tokio_postgres::Socket,
                <tokio_postgres_rustls::MakeRustlsConnect as tokio_postgres::tls::MakeTlsConnect<
                    tokio_postgres::Socket,
                >>::Stream,
            >,
        >,
    ),
}

impl Tls {
    pub(crate) async fn connect(&self, config: &Config) -> Result<(Client, Driver), Error> {
        match self {
            Self::None => config.connect(NoTls).await.map(|(client, driver)| (client, Driver::Plain(Box::new(driver)))),
            #[cfg(feature = "rustls")]
            Self::Rustls(tls) => {
                let (client, driver) = config.connect(tls.clone()).await?;
                Ok((client, Driver::Rustls(Box::new(driver))))
            }
        }
    }
}

impl Driver {
    pub(crate) fn poll_message(
        &mut self,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<tokio_postgres::AsyncMessage, Error>>> {
        match self {
            Self::Plain(driver) => driver.poll_message(cx),
            #[cfg(feature = "rustls")]
            Self::Rustls(driver) => driver.poll_message(cx),
        }
    }
}
