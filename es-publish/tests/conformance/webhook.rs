//! Webhooks: a receiver that reads what comes with the binding for HTTP.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use es_publish::conformance::Subject;
use es_publish::webhook::WebhookTarget;
use es_publish::{Binding, CloudEvent, ContentMode, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Default)]
struct State {
    arrived: Vec<CloudEvent>,
    is_cut: bool,
}

struct Webhook {
    target: WebhookTarget,
    state: Arc<Mutex<State>>,
}

impl Webhook {
    async fn new(mode: ContentMode) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = WebhookTarget::new(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let target = target.with_mode(mode).with_timer(|_| std::future::ready(()));
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                tokio::spawn(async move { drop(serve(stream, &shared).await) });
            }
        });
        Self { target, state }
    }
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut read = Vec::new();
    loop {
        let head = loop {
            if let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end;
            }
            if stream.read_buf(&mut read).await? == 0 {
                return Ok(());
            }
        };
        let text = String::from_utf8_lossy(&read[..head]).into_owned();
        let headers: Vec<_> = text.lines().skip(1).filter_map(|line| line.split_once(": ")).collect();
        let length = headers.iter().find(|(name, _)| *name == "content-length").map_or(0, |(_, v)| v.parse().unwrap());
        let answer = if length > 1_000_000 {
            "413 Content Too Large"
        } else {
            while read.len() < head + 4 + length {
                if stream.read_buf(&mut read).await? == 0 {
                    return Ok(());
                }
            }
            let headers = headers.iter().map(|(name, value)| (*name, value.as_bytes()));
            let event = Binding::Http.decode(headers, read[head + 4..head + 4 + length].to_vec());
            let mut state = state.lock().unwrap();
            if state.is_cut {
                "503 Service Unavailable"
            } else {
                // An event that cannot be read is one that did not arrive.
                state.arrived.extend(event);
                "200 OK"
            }
        };
        read.drain(..(head + 4 + length).min(read.len()));
        stream.write_all(format!("HTTP/1.1 {answer}\r\ncontent-length: 0\r\n\r\n").as_bytes()).await?;
        if answer.starts_with("413") {
            // What is on its way is read, so that the answer is not lost with the connection.
            let mut rest = vec![0; 65_536];
            while stream.read(&mut rest).await? > 0 {}
            return Ok(());
        }
    }
}

#[async_trait]
impl Subject for Webhook {
    fn target(&self) -> &dyn Target {
        &self.target
    }

    async fn arrived(&self, ids: &[String]) -> Vec<CloudEvent> {
        for _ in 0..500 {
            let arrived = self.state.lock().unwrap().arrived.clone();
            if ids.iter().all(|id| arrived.iter().any(|event| event.id() == id)) {
                return arrived;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.state.lock().unwrap().arrived.clone()
    }

    async fn cut(&self) -> bool {
        self.state.lock().unwrap().is_cut = true;
        true
    }

    async fn mend(&self) {
        self.state.lock().unwrap().is_cut = false;
    }
}

#[tokio::test]
async fn webhooks_keep_the_contract() {
    for mode in [ContentMode::Structured, ContentMode::Binary] {
        crate::assert_sound(&Webhook::new(mode).await).await;
    }
}
