//! Processes, PostgreSQL, Redis and the guard of the real binary.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use redis::Value;
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement};
use tokio::{io::AsyncReadExt, net::TcpStream};
use tributary_tests::{
    host::{Program, Scratch, User, free_port},
    node::Node,
    postgres::{Durability, EMPTY, Postgres, Template, connect},
    process::{Launch, Signal},
    redis::{Redis, RedisCluster},
};

/// One table, as a migration would make it.
const ONE_TABLE: Template = Template {
    name: "one_table",
    migrate: |url| {
        Box::pin(async move {
            let owner = connect(&url).await?;
            owner.execute_unprepared("CREATE TABLE thing (id serial PRIMARY KEY, name text NOT NULL)").await?;
            Ok(owner.close().await?)
        })
    },
};

async fn count(url: &str, sql: &str) -> i64 {
    let database = connect(url).await.unwrap();
    let row = database.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, sql)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

async fn try_sql(url: &str, sql: &str) -> Result<(), String> {
    let database = connect(url).await.unwrap();
    database.execute_unprepared(sql).await.map(drop).map_err(|error| error.to_string())
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::yield_now();
    }
}

#[test]
fn a_missing_program_names_the_command_that_installs_it() {
    let error = Program { name: "no-such-program", package: "no-such-package" }.find().unwrap_err().to_string();
    assert!(error.contains("apt-get install --no-install-recommends no-such-package"), "{error}");
}

#[test]
fn ports_are_given_once() {
    let mut ports: Vec<u16> = (0..50).map(|_| free_port()).collect();
    ports.sort_unstable();
    ports.dedup();
    assert_eq!(ports.len(), 50);
}

#[tokio::test]
async fn a_process_that_ends_early_is_reported_with_its_log() {
    let scratch = Scratch::new().unwrap();
    let launch = Launch::new("early", "/bin/sh", scratch.path()).args(["-c", "echo the reason >&2; exit 3"]);
    let error = launch.spawn().unwrap().wait_for_port(free_port(), Duration::from_secs(10)).await.unwrap_err().to_string();
    assert!(error.contains("early ended before") && error.contains("the reason"), "{error}");
}

#[tokio::test]
async fn a_process_takes_its_group_with_it_and_runs_as_an_ordinary_user() {
    let scratch = Scratch::new().unwrap();
    // The shell ignores TERM and has a child: both must go, by force.
    let script = "trap '' TERM; id -u; sleep 600 & echo child $!; wait";
    let mut process = Launch::new("stubborn", "/bin/sh", scratch.path()).for_user().args(["-c", script]).spawn().unwrap();
    let child = process
        .wait_until("child", Duration::from_secs(10), async || {
            let log = process.log();
            log.lines().find_map(|line| line.strip_prefix("child ").map(str::to_owned)).ok_or_else(|| anyhow::anyhow!("not yet"))
        })
        .await
        .unwrap();
    assert_eq!(process.log().lines().next().unwrap().parse::<u32>().unwrap(), User::ordinary().unwrap().uid);
    assert!(Path::new("/proc").join(&child).exists());
    let error = process.end(Signal::Term, Duration::from_millis(100)).unwrap_err().to_string();
    assert!(error.contains("did not end within"), "{error}");
    assert!(!process.is_running());
    wait_until("the end of the child", || has_ended(&child));
}

/// Gone, or a zombie that nobody has waited for.
fn has_ended(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z"))
}

/// Runs this very test again as a process of its own, which starts a server and is then killed without a chance to
/// clean up.
#[tokio::test]
async fn a_killed_test_leaves_nothing_behind() {
    const CHILD: &str = "TRIBUTARY_TEST_REPORT_FILE";
    if let Some(report) = std::env::var_os(CHILD) {
        let redis = Redis::start().await.unwrap();
        let Value::BulkString(info) = redis.command(&["INFO", "server"]).await.unwrap() else { panic!("no text") };
        let info = String::from_utf8(info).unwrap();
        let pid = info.lines().find_map(|line| line.strip_prefix("process_id:")).unwrap();
        let folder = fs::read_link(format!("/proc/{pid}/cwd")).unwrap();
        fs::write(&report, format!("{pid} {}\n", folder.display())).unwrap();
        return std::future::pending().await;
    }
    let scratch = Scratch::new().unwrap();
    let report = scratch.path().join("report");
    let own_name = "harness::servers::a_killed_test_leaves_nothing_behind";
    let mut test = Command::new(std::env::current_exe().unwrap());
    test.args(["--exact", own_name, "--nocapture"]).env(CHILD, &report).stdout(Stdio::null()).stderr(Stdio::null());
    let mut test = test.spawn().unwrap();
    let read = || fs::read_to_string(&report).unwrap_or_default();
    wait_until("the start of the child's server", || read().ends_with('\n') || test.try_wait().unwrap().is_some());
    let text = read();
    let (pid, folder) = text.trim().split_once(' ').expect("the child ended early");
    assert!(Path::new(folder).exists());
    test.kill().unwrap();
    test.wait().unwrap();
    wait_until("the end of the server", || has_ended(pid));
    wait_until("the removal of the folder", || !Path::new(folder).exists());
}

#[tokio::test]
async fn databases_are_copies_of_a_template_and_independent() {
    let server = Postgres::shared().await;
    let (first, second) = tokio::join!(server.fresh_database(ONE_TABLE), server.fresh_database(ONE_TABLE));
    let (first, second) = (first.unwrap(), second.unwrap());
    try_sql(&first.app_url, "INSERT INTO thing (name) VALUES ('a')").await.unwrap();
    assert_eq!(count(&first.app_url, "SELECT count(*) FROM thing").await, 1);
    assert_eq!(count(&second.app_url, "SELECT count(*) FROM thing").await, 0);
}

#[tokio::test]
async fn the_app_role_writes_rows_and_owns_nothing() {
    let database = Postgres::shared().await.fresh_database(ONE_TABLE).await.unwrap();
    let powers = "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'tributary_%' AND (rolsuper OR rolbypassrls OR rolcreatedb)";
    assert_eq!(count(&database.app_url, powers).await, 0);
    assert_eq!(
        count(&database.app_url, "SELECT count(*) FROM pg_roles WHERE rolname = current_user AND rolname = 'tributary_app'").await,
        1
    );
    for refused in ["CREATE TABLE mine (id int)", "DROP TABLE thing", "TRUNCATE thing", "ALTER TABLE thing ADD COLUMN x int"] {
        let error = try_sql(&database.app_url, refused).await.unwrap_err();
        assert!(error.contains("permission denied") || error.contains("must be owner"), "{refused}: {error}");
    }
    // Forced row-level security binds the owner, and so the app too.
    try_sql(&database.owner_url, "ALTER TABLE thing ENABLE ROW LEVEL SECURITY; ALTER TABLE thing FORCE ROW LEVEL SECURITY").await.unwrap();
    assert!(try_sql(&database.app_url, "INSERT INTO thing (name) VALUES ('a')").await.is_err());
    assert!(try_sql(&database.owner_url, "INSERT INTO thing (name) VALUES ('a')").await.is_err());
}

#[tokio::test]
async fn a_finished_database_goes_with_the_next_one_even_while_in_use() {
    let server = Postgres::start(Durability::Fast).await.unwrap();
    let first = server.fresh_database(EMPTY).await.unwrap();
    let left_open = connect(&first.app_url).await.unwrap();
    drop(first);
    let second = server.fresh_database(EMPTY).await.unwrap();
    assert_eq!(count(&second.owner_url, "SELECT count(*) FROM pg_database WHERE datname LIKE 'test_%'").await, 1);
    assert!(left_open.execute_unprepared("SELECT 1").await.is_err());
}

#[tokio::test]
async fn what_was_committed_survives_a_crash_of_postgres() {
    let mut server = Postgres::start(Durability::Full).await.unwrap();
    let database = server.fresh_database(ONE_TABLE).await.unwrap();
    try_sql(&database.app_url, "INSERT INTO thing (name) VALUES ('kept')").await.unwrap();
    let mut open = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    server.crash().unwrap();
    assert!(matches!(open.read(&mut [0; 8]).await, Ok(0) | Err(_)));
    assert!(TcpStream::connect(("127.0.0.1", server.port())).await.is_err());
    server.restart().await.unwrap();
    assert_eq!(count(&database.app_url, "SELECT count(*) FROM thing WHERE name = 'kept'").await, 1);
}

#[tokio::test]
async fn redis_forgets_when_killed_and_comes_back_on_its_port() {
    let mut redis = Redis::start().await.unwrap();
    let url = redis.url();
    redis.command(&["SET", "key", "value"]).await.unwrap();
    assert_eq!(redis.command(&["GET", "key"]).await.unwrap(), Value::BulkString(b"value".to_vec()));
    redis.kill().unwrap();
    assert!(redis.command(&["PING"]).await.is_err());
    redis.restart().await.unwrap();
    assert_eq!(redis.url(), url);
    assert_eq!(redis.command(&["GET", "key"]).await.unwrap(), Value::Nil);
}

#[tokio::test]
async fn a_frozen_redis_answers_after_the_thaw_only() {
    let redis = Redis::start().await.unwrap();
    redis.freeze().unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(200), redis.command(&["PING"])).await.map_or(true, |answer| answer.is_err()));
    redis.thaw().unwrap();
    redis.command(&["PING"]).await.unwrap();
}

#[tokio::test]
async fn tests_share_one_redis_and_one_postgres() {
    assert_eq!(Redis::shared().await.port(), Redis::shared().await.port());
    assert_eq!(Postgres::shared().await.port(), Postgres::shared().await.port());
    assert_ne!(Redis::prefix(), Redis::prefix());
}

#[tokio::test]
async fn a_cluster_spreads_keys_over_three_masters() {
    let cluster = RedisCluster::start().await.unwrap();
    let client = redis::cluster::ClusterClient::new(cluster.urls()).unwrap();
    let mut connection = client.get_async_connection().await.unwrap();
    for number in 0..60 {
        let mut set = redis::cmd("SET");
        set.arg(format!("key:{number}")).arg(number);
        set.query_async::<()>(&mut connection).await.unwrap();
    }
    let mut sizes = Vec::new();
    for node in &cluster.nodes {
        let Value::Int(size) = node.command(&["DBSIZE"]).await.unwrap() else { panic!("DBSIZE is a number") };
        sizes.push(size);
    }
    assert_eq!(sizes.iter().sum::<i64>(), 60);
    assert!(sizes.iter().all(|size| *size > 0), "{sizes:?}");
}

#[tokio::test]
async fn a_node_that_does_not_start_says_why() {
    let mut node = Node::new("refused").unwrap().arg("--no-such-argument");
    let error = format!("{:#}", node.start().await.unwrap_err());
    assert!(error.contains("ended before there was readiness") || error.contains("is not built"), "{error}");
}
