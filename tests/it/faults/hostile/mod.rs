//! What no client sends, to a real node: every attack gets its answer with a code or its close code, who works meanwhile
//! notices nothing, and the memory of the node stays what it was.
//!
//! What single limits do is tested where they are (`api/src/http`); here everything comes at once, over real connections.

mod documents;
mod honest;
mod requests;
mod sockets;

use tributary_tests::node::Node;

use self::honest::Honest;
use super::{PATIENCE, cluster::Cluster, follower::cursor};
use crate::backend::{Backend, on_both};

on_both!(the_transport_survives_the_hostile_pack);

/// How often everything comes before the memory is looked at: until then caches and the allocator fill up.
const WARM_UP: usize = 1;
/// By how much the memory may differ after it comes once more.
const DIFFERENCE_BYTES: u64 = 64 << 20;
/// Fewer open files than there are hostile connections: the node has to ask for more.
const OPEN_FILES: u32 = 512;

/// Where it all goes.
struct Target {
    url: String,
    /// Host and port.
    authority: String,
    /// Of somebody who is signed in: the worst comes from inside.
    token: String,
    /// Of the log, to follow from.
    cursor: String,
}

async fn the_transport_survives_the_hostile_pack(backend: Backend) {
    tributary_api::open_files::raise_limit();
    let mut cluster = Cluster::new(backend.open().await, 1).await;
    cluster.nodes = cluster.nodes.into_iter().map(patient).collect();
    cluster.start().await;
    let (client, token) = cluster.sign_in(0).await;
    let authority = format!("127.0.0.1:{}", cluster.nodes[0].port());
    let target = Target { url: cluster.graphql(0), authority, token, cursor: cursor(&client).await };
    let honest = Honest::start(&cluster).await;
    let memory = || cluster.nodes[0].process().unwrap().resident_bytes().unwrap();
    let rounds = async {
        let mut before = 0;
        for round in 0..=WARM_UP {
            if round == WARM_UP {
                before = memory();
            }
            let busy = async {
                under(&honest, documents::attack(&target)).await;
                under(&honest, requests::attack(&target)).await;
                under(&honest, sockets::attack(&target)).await;
            };
            // Those who say nothing do so beside all that.
            tokio::join!(busy, under(&honest, sockets::idle(&target)));
        }
        (before, memory())
    };
    // Those who take their time do so beside all that.
    let ((before, after), ()) = tokio::join!(rounds, under(&honest, requests::slow(&target)));
    assert!(after < before + DIFFERENCE_BYTES, "{} MiB before, {} MiB after", before >> 20, after >> 20);
    honest.end().await;
}

/// An attack that ends, with somebody who can work during it and afterwards.
async fn under(honest: &Honest, attack: impl Future<Output = ()>) {
    tokio::time::timeout(PATIENCE, attack).await.expect("not everything hostile is answered");
    honest.goes_on().await;
}

/// The limits of time are for those who let them pass. Everybody else has to be in time on a busy machine, where an
/// unoptimised node reads large documents and the other tests run too.
fn patient(node: Node) -> Node {
    let limits = [("GRAPHQL__SOCKET_INIT_S", "20"), ("GRAPHQL__TIMEOUT_S", "60"), ("SERVER__BODY_TIMEOUT_S", "20")];
    limits.iter().fold(node.with_open_files(OPEN_FILES), |node, (key, value)| node.set(&format!("TRIBUTARY__{key}"), value))
}
