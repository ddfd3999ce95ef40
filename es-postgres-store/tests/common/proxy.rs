//! A TCP proxy that cuts connections after so many bytes, one way or the other, or lets a server say something else.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Where to connect instead, and how many bytes may still pass; negative numbers let everything pass.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    to_server: Arc<AtomicI64>,
    to_client: Arc<AtomicI64>,
}

const NO_LIMIT: i64 = i64::MIN / 2;

impl Proxy {
    pub(crate) async fn start(server: u16) -> Self {
        Self::start_replacing(server, Vec::new(), Vec::new()).await
    }

    /// In the answers of the server, the second stands where the first was; they are equally long.
    pub(crate) async fn start_replacing(server: u16, said: Vec<u8>, instead: Vec<u8>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let limits = [(); 2].map(|()| Arc::new(AtomicI64::new(NO_LIMIT)));
        let [to_server, to_client] = limits.clone();
        let words = Arc::new((said, instead));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { continue };
                let ((from_client, into_client), (from_server, into_server)) =
                    (client.into_split(), server.into_split());
                let (there, back) = (Arc::clone(&limits[0]), Arc::clone(&limits[1]));
                let (words, nothing) = (Arc::clone(&words), (Vec::new(), Vec::new()));
                tokio::spawn(async move {
                    tokio::select! {
                        () = pass(from_client, into_server, &there, &nothing) => {}
                        () = pass(from_server, into_client, &back, &words) => {}
                    }
                });
            }
        });
        Self { port, to_server, to_client }
    }

    /// Cuts the connection that has sent so many more bytes to the server, having passed on those before.
    pub(crate) fn cut_requests_after(&self, bytes: i64) {
        self.to_server.store(bytes, Ordering::SeqCst);
    }

    /// The same for what the server answers.
    pub(crate) fn cut_answers_after(&self, bytes: i64) {
        self.to_client.store(bytes, Ordering::SeqCst);
    }

    /// Cuts nothing; whether something was cut.
    pub(crate) fn heal(&self) -> bool {
        let left = [&self.to_server, &self.to_client].map(|limit| limit.swap(NO_LIMIT, Ordering::SeqCst));
        left.contains(&0)
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    limit: &AtomicI64,
    (said, instead): &(Vec<u8>, Vec<u8>),
) {
    let mut buffer = vec![0; 8192];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else { return };
        // A row that is looked for is small, and comes at once.
        let places = 0..(read + 1).saturating_sub(said.len());
        for at in places.filter(|at| !said.is_empty() && buffer[*at..].starts_with(said)).collect::<Vec<_>>() {
            buffer[at..at + instead.len()].copy_from_slice(instead);
        }
        let left = limit.load(Ordering::SeqCst);
        let whole = i64::try_from(read).unwrap();
        let may = if left < 0 { whole } else { whole.min(left) };
        if left >= 0 {
            limit.fetch_sub(may, Ordering::SeqCst);
        }
        if to.write_all(&buffer[..usize::try_from(may).unwrap()]).await.is_err() || may < whole {
            return;
        }
    }
}
