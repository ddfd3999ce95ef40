//! Requests as a client sends them, and what the service answers.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use es_core::store::ReadLog;
use es_core::{EventProcessor as _, ReadModel};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::balance::Balance;
use crate::routes::{Bank, POSITION, router};

struct Client {
    bank: Bank,
    router: Router,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers)).to_str().unwrap()
    }

    /// Status, the end of the type, and the media type that goes with them.
    fn problem(&self) -> (u16, &str) {
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.body);
        assert_eq!(self.body["status"], self.status.as_u16());
        let kind = self.body["type"].as_str().unwrap().strip_prefix("/problems/").unwrap();
        (self.status.as_u16(), kind)
    }
}

impl Client {
    async fn new() -> Self {
        Self::of("memory:").await
    }

    async fn of(url: &str) -> Self {
        let bank = Bank::open(es::connect(url).await.unwrap()).await.unwrap();
        Self { router: router(bank.clone()), bank }
    }

    async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let response = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap() };
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn open(&self, id: &str) -> Answer {
        self.send(Method::PUT, &format!("/accounts/{id}"), &[], Some(json!({ "owner": id }))).await
    }

    async fn deposit(&self, headers: &[(&str, &str)], amount: u64) -> Answer {
        let body = json!({ "amount": amount, "currency": "EUR" });
        self.send(Method::POST, "/accounts/ada/deposits", headers, Some(body)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }
}

#[tokio::test]
async fn an_account_is_opened_filled_read_and_closed() {
    let bank = Client::new().await;
    let opened = bank.open("ada").await;
    assert_eq!((opened.status, opened.header("location")), (StatusCode::CREATED, "/accounts/ada"));
    assert_eq!(opened.header("etag"), "\"1\"");
    let filled = bank.deposit(&[("if-match", "\"1\"")], 100).await;
    assert_eq!((filled.status, filled.header("etag"), filled.header(POSITION)), (StatusCode::OK, "\"2\"", "2"));
    assert_eq!(filled.body, json!({ "version": 2, "position": 2 }));

    let account = bank.get("/accounts/ada").await;
    assert_eq!(account.header("etag"), "\"2\"");
    assert_eq!(account.body, json!({ "owner": "ada", "balance": 100, "is_closed": false }));
    let before = bank.get("/accounts/ada?version=1").await;
    assert_eq!((before.header("etag"), &before.body["balance"]), ("\"1\"", &json!(0)));

    let out = json!({ "amount": 100 });
    let path = "/accounts/ada/withdrawals";
    let emptied = bank.send(Method::POST, path, &[("if-match", "W/\"2\"")], Some(out)).await;
    assert_eq!(emptied.header("etag"), "\"3\"");
    let closed = bank.send(Method::DELETE, "/accounts/ada", &[("if-match", "*")], None).await;
    assert_eq!((closed.status, closed.header("etag")), (StatusCode::OK, "\"4\""));
    let gone = bank.get("/balances/ada?after=4").await;
    assert_eq!(gone.problem(), (404, "no-such-account"));
}

#[tokio::test]
async fn a_change_says_which_version_it_has_seen() {
    let bank = Client::new().await;
    bank.open("ada").await;
    assert_eq!(bank.deposit(&[], 1).await.problem(), (428, "version-required"));
    let moved = bank.deposit(&[("if-match", "\"7\"")], 1).await;
    assert_eq!((moved.problem(), &moved.body["version"]), ((412, "version-moved"), &json!(1)));
    for wrong in ["1", "\"one\"", "\"1\", \"2\"", ""] {
        assert_eq!(bank.deposit(&[("if-match", wrong)], 1).await.problem(), (400, "invalid-header"), "{wrong}");
    }
    assert_eq!(bank.open("ada").await.problem(), (409, "already-open"));
    let new = [("if-none-match", "*")];
    let again = bank.send(Method::PUT, "/accounts/ada", &new, Some(json!({ "owner": "Ada" }))).await;
    assert_eq!(again.problem(), (412, "version-moved"));
    assert_eq!(bank.get("/accounts/ada").await.header("etag"), "\"1\"");
}

#[tokio::test]
async fn a_request_that_is_sent_again_with_its_key_is_done_once() {
    let bank = Client::new().await;
    bank.open("ada").await;
    let headers = [("if-match", "\"1\""), ("idempotency-key", "\"7c1\"")];
    let first = bank.deposit(&headers, 100).await;
    assert_eq!(first.status, StatusCode::OK);
    let other = bank.deposit(&[("if-match", "\"2\""), ("idempotency-key", "7c2")], 5).await;
    assert_eq!(other.status, StatusCode::OK);
    // Although the version has moved, and with the key as others write it.
    for key in ["\"7c1\"", "7c1"] {
        let again = bank.deposit(&[("if-match", "\"1\""), ("idempotency-key", key)], 100).await;
        assert_eq!((again.status, again.header("etag"), &again.body), (StatusCode::OK, "\"2\"", &first.body));
    }
    assert_eq!(bank.deposit(&[("if-match", "*"), ("idempotency-key", "\"\"")], 1).await.problem().0, 400);
    assert_eq!(bank.get("/balances/ada?after=3").await.body["balance"], 105);
}

#[tokio::test]
async fn a_key_that_was_another_requests_is_refused() {
    let bank = Client::new().await;
    let key = [("if-match", "*"), ("idempotency-key", "7c1")];
    let owner = |owner: &str| Some(json!({ "owner": owner }));
    let opened = bank.send(Method::PUT, "/accounts/ada", &key, owner("Ada")).await;
    assert_eq!(opened.status, StatusCode::CREATED);
    let again = bank.send(Method::PUT, "/accounts/ada", &key, owner("Ada")).await;
    assert_eq!((again.status, again.body), (StatusCode::CREATED, opened.body));
    // With another body, as another command, and for what would be refused by itself.
    let other = bank.send(Method::PUT, "/accounts/ada", &key, owner("Eve")).await;
    assert_eq!(other.problem(), (422, "key-reused"));
    assert_eq!(bank.deposit(&key, 100).await.problem(), (422, "key-reused"));
    let withdraw = bank.send(Method::POST, "/accounts/ada/withdrawals", &key, Some(json!({ "amount": 5 }))).await;
    assert_eq!(withdraw.problem(), (422, "key-reused"));

    let key = [("if-match", "*"), ("idempotency-key", "7c2")];
    let filled = bank.deposit(&key, 100).await;
    assert_eq!(filled.status, StatusCode::OK);
    assert_eq!(bank.deposit(&key, 101).await.problem(), (422, "key-reused"));
    assert_eq!(bank.deposit(&key, 100).await.body, filled.body);
    // The same request in other letters is the same request.
    let spaced = Request::post("/accounts/ada/deposits").header("if-match", "*").header("idempotency-key", "7c2");
    let spaced = spaced.header("content-type", "application/json");
    let spaced = spaced.body(Body::from(r#"{ "currency": "EUR", "amount": 100 }"#)).unwrap();
    assert_eq!(bank.router.clone().oneshot(spaced).await.unwrap().status(), StatusCode::OK);

    let transfer = |amount: u64| Some(json!({ "from": "ada", "to": "bob", "amount": amount }));
    let key = [("idempotency-key", "7c3")];
    let ordered = bank.send(Method::PUT, "/transfers/rent", &key, transfer(40)).await;
    assert_eq!(ordered.status, StatusCode::ACCEPTED);
    assert_eq!(bank.send(Method::PUT, "/transfers/rent", &key, transfer(40)).await.status, StatusCode::ACCEPTED);
    assert_eq!(bank.send(Method::PUT, "/transfers/rent", &key, transfer(41)).await.problem(), (422, "key-reused"));
    bank.bank.app.stop().await;
}

#[tokio::test]
async fn the_read_model_is_still_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("bank.db").display());
    let bank = Client::of(&url).await;
    bank.open("ada").await;
    let filled = bank.deposit(&[("if-match", "*")], 30).await;
    let after = filled.header(POSITION).to_owned();
    assert_eq!(bank.get(&format!("/balances/ada?after={after}")).await.body["balance"], 30);
    bank.bank.app.stop().await;
    drop(bank);

    // Nobody has read the log again: rows and checkpoint are where they were.
    let rows = ReadModel::<Balance, _>::new(es::connect(&url).await.unwrap());
    assert_eq!(rows.get(&"ada".to_owned()).await.unwrap().map(|row| row.amount), Some(30));
    assert_eq!(rows.checkpoint().await.unwrap().map(|position| position.to_string()), Some(after));
    drop(rows);

    let bank = Client::of(&url).await;
    let richest = bank.get("/balances").await;
    assert_eq!(richest.body, json!([{ "account": "ada", "balance": 30 }]));
    bank.bank.app.stop().await;
}

#[tokio::test]
async fn a_query_waits_for_the_position_that_a_command_returned() {
    let bank = Client::new().await;
    bank.open("ada").await;
    bank.open("bob").await;
    let filled = bank.deposit(&[("if-match", "\"1\"")], 30).await;
    let after = filled.header(POSITION);
    let balance = bank.get(&format!("/balances/ada?after={after}")).await;
    assert_eq!(balance.body, json!({ "account": "ada", "balance": 30 }));
    assert_eq!(balance.header(POSITION), after);
    let richest = bank.get(&format!("/balances?count=1&after={after}")).await;
    assert_eq!(richest.body, json!([{ "account": "ada", "balance": 30 }]));
}

#[tokio::test]
async fn money_is_moved_by_a_process() {
    let client = Client::new().await;
    client.open("ada").await;
    client.open("bob").await;
    client.deposit(&[("if-match", "*")], 100).await;
    let transfer = |to: &str, amount: u64| Some(json!({ "from": "ada", "to": to, "amount": amount }));
    let refused = client.send(Method::PUT, "/transfers/rent", &[], transfer("ada", 1)).await;
    assert_eq!(refused.problem(), (422, "to-itself"));
    assert_eq!(client.get("/transfers/rent").await.problem(), (404, "no-such-transfer"));

    for (name, to, status) in [("rent", "bob", "completed"), ("gift", "eve", "failed")] {
        let path = format!("/transfers/{name}");
        let ordered = client.send(Method::PUT, &path, &[], transfer(to, 40)).await;
        assert_eq!((ordered.status, ordered.header("location")), (StatusCode::ACCEPTED, path.as_str()));
        assert_eq!(client.send(Method::PUT, &path, &[], transfer(to, 1)).await.problem(), (409, "already-ordered"));
        let store = client.bank.app.store();
        let mut shown = client.get(&path).await;
        while shown.body["status"] == "open" {
            let head = store.read_log(ReadLog::all().backward().limit(1)).await.unwrap().head;
            shown = client.get(&path).await;
            if shown.body["status"] == "open" {
                let more = tokio::time::timeout(Duration::from_secs(30), store.appended_after(head)).await;
                more.unwrap_or_else(|_| panic!("{name} is stuck: {:?}", client.bank.app.status())).unwrap();
                shown = client.get(&path).await;
            }
        }
        assert_eq!(shown.body["status"], status, "{}", shown.body);
    }
    let head = client.bank.app.store().read_log(ReadLog::all().backward().limit(1)).await.unwrap().head;
    assert_eq!(client.get(&format!("/balances/ada?after={head}")).await.body["balance"], 60);
    assert_eq!(client.get("/balances/bob").await.body["balance"], 40);
    client.bank.app.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_query_for_what_has_not_happened_says_how_far_it_is() {
    let bank = Client::new().await;
    let opened = bank.open("ada").await;
    let late = bank.get("/balances/ada?after=99").await;
    assert_eq!((late.problem(), late.header("retry-after")), ((503, "not-yet"), "1"));
    let seen = opened.header(POSITION).parse::<u64>().unwrap();
    assert_eq!((&late.body["position"], &late.body["seen"]), (&json!(99), &json!(seen)));
}

#[tokio::test]
async fn a_broken_rule_has_a_type_and_its_numbers() {
    let bank = Client::new().await;
    bank.open("ada").await;
    let withdraw = json!({ "amount": 5 });
    let path = "/accounts/ada/withdrawals";
    let refused = bank.send(Method::POST, path, &[("if-match", "*")], Some(withdraw)).await;
    assert_eq!(refused.problem(), (422, "insufficient-funds"));
    assert_eq!((&refused.body["balance"], &refused.body["amount"]), (&json!(0), &json!(5)));
    assert_eq!(refused.body["detail"], "balance 0 does not cover 5");
    assert_eq!(bank.deposit(&[("if-match", "*")], 0).await.problem(), (422, "not-positive"));
}

#[tokio::test]
async fn what_is_not_understood_is_a_problem_too() {
    let bank = Client::new().await;
    assert_eq!(bank.get("/nothing").await.problem(), (404, "no-such-resource"));
    let patched = bank.send(Method::PATCH, "/accounts/ada", &[], None).await;
    assert_eq!((patched.problem(), patched.header("allow").contains("GET")), ((405, "no-such-method"), true));
    assert_eq!(bank.get("/accounts/eve").await.problem(), (404, "no-such-account"));
    assert_eq!(bank.get("/accounts/eve?version=x").await.problem(), (400, "invalid-query"));
    assert_eq!(bank.get("/balances?count=-1").await.problem(), (400, "invalid-query"));
    let long = format!("/accounts/{}", "x".repeat(600));
    assert_eq!(bank.get(&long).await.problem(), (400, "invalid-id"));
    let body = bank.send(Method::PUT, "/accounts/ada", &[], Some(json!({ "name": "Ada" }))).await;
    assert_eq!(body.problem(), (422, "invalid-body"));
    let none = bank.send(Method::PUT, "/accounts/ada", &[], None).await;
    assert_eq!(none.problem(), (415, "invalid-body"));
}
