//! A platform that calls too often is told to wait, and nothing of it is kept.

use std::{num::NonZeroU32, sync::Arc};

use serde_json::json;
use tributary_api::http::webhook::{Pace, router};
use tributary_domain::{
    clock::{Clock, SystemClock},
    entity::{channel, raw_inbound},
};
use tributary_tests::{
    client::http_client,
    fake::byoc::{FakeIntegrator, INBOUND_TOKEN, Manner},
};

use crate::{
    backend::{Backend, on_both},
    faults::cluster::add_channel,
    live::place::Place,
    stage::Heard,
};

on_both!(who_calls_too_often_has_to_wait);

/// Requests at once: at two, and one more each second, some of them must be too many.
const CALLS: usize = 20;

async fn who_calls_too_often_has_to_wait(backend: Backend) {
    let place = Place::start(backend).await;
    let integrator = FakeIntegrator::start(Manner::Signed, Arc::new(SystemClock)).await;
    let busy = add_channel(&place, &integrator, Manner::Signed, "standard").await;
    let pace = Pace { per_second: NonZeroU32::MIN, at_once: NonZeroU32::MIN.saturating_add(1) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = router(place.app.clone(), pace);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    let http = http_client().unwrap();
    let call = |channel: &channel::Model, n: usize| {
        let data = Heard::new(&format!("m-{n}"), "mara", "Hello").data(SystemClock.now());
        let body = json!({ "specversion": "1.0", "id": format!("e-{n}"), "source": "https://middleware.example/shop",
            "type": "message.created", "data": data });
        let request = http.post(format!("http://{address}/byoc/v1/channels/{}/events", channel.token));
        let request = request.header("content-type", "application/cloudevents+json").bearer_auth(INBOUND_TOKEN);
        request.body(body.to_string()).send()
    };
    let (mut taken, mut refused) = (0, 0);
    for answer in futures_util::future::join_all((0..CALLS).map(|n| call(&busy, n))).await {
        let answer = answer.unwrap();
        match answer.status().as_u16() {
            202 => taken += 1,
            429 => {
                let wait: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
                assert!((1..=2).contains(&wait), "{wait}");
                refused += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(taken >= 2 && refused >= 1, "{taken} taken, {refused} refused");
    let read = place.app.store.read(place.workspace).await.unwrap();
    let kept = raw_inbound::in_workspace(place.workspace).all(read.conn()).await.unwrap();
    assert_eq!(kept.len(), taken, "what was refused is not kept");
}
