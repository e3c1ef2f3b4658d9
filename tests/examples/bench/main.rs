//! What live updates and pages cost, as ratios to a raw limit that is measured in the same run. See `docs/performance.md`.
//!
//! `bench [scenario …]` starts PostgreSQL, Redis and two nodes of the program that was built beside it, runs the scenarios
//! that are named (all without any) and prints a table for each. The node that is measured has
//! a processor core for itself where there are two; everything else shares the other one.
//!
//! An example and no program of the package, like `servers`.

mod cpu;
mod fanout;
mod ingest;
mod integrator;
mod mixed;
mod page;
mod page_limit;
mod pushed;
mod raw;
mod reader;
mod rows;
mod slow;
mod stand;

use std::io::Write;

use anyhow::{Result, bail};
use tributary_api::{http::tls::Certificates, open_files};

/// What can be measured.
const SCENARIOS: [&str; 9] = ["fanout", "tls", "nodes", "rooms", "storm", "slow", "page", "ingest", "mixed"];

/// Prints a line of the report.
fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

fn main() -> Result<()> {
    tributary_tests::install_tls();
    open_files::raise_limit();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [raw::ROLE, redis, port] => return runtime.block_on(raw::serve(redis, port.parse()?, None)),
        [raw::ROLE, redis, port, certificate, key] => {
            let tls = Certificates::open(certificate.into(), key.into())?.acceptor()?;
            return runtime.block_on(raw::serve(redis, port.parse()?, Some(tls)));
        }
        [page_limit::ROLE, database, workspace, port] => {
            return runtime.block_on(page_limit::serve(database, workspace.parse()?, port.parse()?));
        }
        [rows::ROLE, url, told] => return runtime.block_on(rows::run(url, told.as_ref())),
        _ => {}
    }
    let is_wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|wanted| wanted == name);
    if let Some(unknown) = arguments.iter().find(|name| !SCENARIOS.contains(&name.as_str())) {
        bail!("there is no scenario {unknown}; there are: {}", SCENARIOS.join(", "));
    }
    runtime.block_on(async {
        if is_wanted("fanout") {
            fanout::run().await?;
        }
        if is_wanted("tls") {
            fanout::tls().await?;
        }
        if is_wanted("nodes") {
            fanout::nodes().await?;
        }
        if is_wanted("rooms") {
            fanout::rooms().await?;
        }
        if is_wanted("storm") {
            fanout::storm().await?;
        }
        if is_wanted("slow") {
            slow::run().await?;
        }
        if is_wanted("page") {
            page::run().await?;
        }
        if is_wanted("ingest") {
            ingest::run().await?;
        }
        if is_wanted("mixed") {
            mixed::run().await?;
        }
        Ok(())
    })
}
