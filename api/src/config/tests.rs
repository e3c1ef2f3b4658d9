//! Tests of reading and checking the settings.

use base64::{Engine, engine::general_purpose::STANDARD};
use rand::{SeedableRng, rngs::StdRng};
use secrecy::ExposeSecret;

use super::*;

fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, ConfigErrors> {
    Config::from_parts(Some(file), environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

fn keys_of(result: Result<Config, ConfigErrors>) -> Vec<String> {
    let mut keys: Vec<String> = result.unwrap_err().0.into_iter().map(|problem| problem.key).collect();
    keys.sort();
    keys.dedup();
    keys
}

#[test]
fn nothing_has_to_be_set() {
    let config = Config::from_parts(None, []).unwrap();
    assert_eq!(config.server.listen.port(), 4000);
    assert_eq!(config.database.url.expose_secret(), "sqlite://data/tributary.sqlite");
    assert!(config.redis.url.expose_secret().is_empty());
    assert!(check::warnings(&config).is_empty());
}

#[test]
fn every_key_is_explained() {
    let mut was_comment = false;
    for line in DEFAULTS.lines().skip_while(|line| !line.starts_with('[')) {
        let is_key = line.contains(" = ") && !line.starts_with('#');
        if line.starts_with('#') {
            was_comment = true;
        } else if !is_key {
            was_comment = false;
        } else {
            assert!(was_comment, "no comment above: {line}");
        }
    }
}

#[test]
fn the_environment_overrides_the_file_which_overrides_defaults() {
    let config = load(
        "[server]\nlisten = \"127.0.0.1:1\"\npublic_url = \"https://a.example\"",
        &[
            ("TRIBUTARY__SERVER__LISTEN", "127.0.0.1:2"),
            ("TRIBUTARY__SERVER__ALLOWED_ORIGINS", "https://a.example, https://b.example:8443"),
            ("TRIBUTARY__GRAPHQL__INTROSPECTION", "false"),
            ("TRIBUTARY__OTLP__SAMPLE_RATIO", "0.5"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!((config.server.listen.port(), config.server.public_url.as_str()), (2, "https://a.example/"));
    assert_eq!(config.server.allowed_origins, ["https://a.example", "https://b.example:8443"]);
    assert!(!config.graphql.introspection);
}

#[test]
fn without_an_address_of_its_own_the_server_is_reached_where_it_listens() {
    for (listen, expected) in [
        ("127.0.0.1:4000", "http://localhost:4000/"),
        ("127.0.0.1:8080", "http://localhost:8080/"),
        ("0.0.0.0:80", "http://localhost/"),
        ("[::]:4100", "http://localhost:4100/"),
        ("[::1]:4100", "http://localhost:4100/"),
        ("192.0.2.7:4000", "http://192.0.2.7:4000/"),
        ("[2001:db8::7]:4000", "http://[2001:db8::7]:4000/"),
    ] {
        let config = load("", &[("TRIBUTARY__SERVER__LISTEN", listen)]).unwrap();
        assert_eq!(config.server.public_url.as_str(), expected, "{listen}");
    }
    let file = "[server]\nlisten = \"127.0.0.1:8080\"\npublic_url = \"https://a.example\"";
    assert_eq!(load(file, &[("TRIBUTARY__SERVER__PUBLIC_URL", "")]).unwrap().server.public_url.as_str(), "http://localhost:8080/");
    assert_eq!(load(file, &[]).unwrap().server.public_url.as_str(), "https://a.example/");
}

#[test]
fn all_problems_are_told_at_once() {
    let keys = keys_of(load(
        "[server]\nlisten = \"nowhere\"\n[graphql]\nmax_dept = 3\n[nonsense]\na = 1\n[worker]\nlanes = \"many\"",
        &[("TRIBUTARY__SERVER__LISTN", "x"), ("TRIBUTARY__GRAPHQL__MAX_DEPTH", "deep")],
    ));
    assert_eq!(keys, ["TRIBUTARY__GRAPHQL__MAX_DEPTH", "TRIBUTARY__SERVER__LISTN", "graphql.max_dept", "nonsense", "server", "worker"]);
    assert_eq!(keys_of(load("[server", &[])), ["configuration file"]);
    assert_eq!(keys_of(Config::load(Some(std::path::Path::new("/does/not/exist.toml")))), ["/does/not/exist.toml"]);
}

#[test]
fn settings_that_do_not_fit_each_other() {
    for (file, key) in [
        ("[graphql]\nsocket_dead_s = 15", "graphql.socket_dead_s"),
        ("[graphql]\nsocket_recheck_s = 26", "graphql.socket_recheck_s"),
        ("[graphql]\nmax_nesting = 61", "graphql.max_nesting"),
        ("[server]\ndrain_s = 11", "server.drain_s"),
        ("[server]\nwrite_timeout_s = 10", "server.write_timeout_s"),
        ("[server]\npublic_url = \"ftp://a.example\"", "server.public_url"),
        ("[server]\nallowed_origins = [\"https://a.example/\"]", "server.allowed_origins"),
        ("[server]\nallowed_origins = [\"*\", \"https://a.example\"]", "server.allowed_origins"),
        ("[database]\nurl = \"mysql://a\"", "database.url"),
        ("[database]\nmigrate_url = \"sqlite://a\"", "database.migrate_url"),
        ("[redis]\nurl = \"http://a\"", "redis.url"),
        ("[redis]\nurl = \"redis://\"", "redis.url"),
        ("[redis]\nis_cluster = true", "redis.url"),
        ("[redis]\nsentinel_master = \"main\"", "redis.url"),
        ("[redis]\nurl = \"redis://a,redis://b\"", "redis.url"),
        ("[redis]\nis_cluster = true\nurl = \"redis://a,rediss://b\"", "redis.url"),
        ("[redis]\nis_cluster = true\nurl = \"redis://:x@a,redis://b\"", "redis.url"),
        ("[redis]\nis_cluster = true\nurl = \"redis://a/1\"", "redis.url"),
        ("[redis]\nis_cluster = true\nsentinel_master = \"main\"\nurl = \"redis://a\"", "redis.is_cluster"),
        ("[redis]\nsentinel_password = \"x\"\nurl = \"redis://a\"", "redis.sentinel_password"),
        ("[auth]\naccess_ttl_s = 86400", "auth.access_ttl_s"),
        ("[auth]\nsecrets = [\"c2hvcnQ=\"]", "auth.secrets"),
        ("[secrets]\nmaster_keys = [\"a:c2hvcnQ=\"]", "secrets.master_keys"),
        ("[channels]\nallow_networks = [\"10.0.0.0/33\"]", "channels.allow_networks"),
        ("[worker]\nlease_s = 9", "worker.lease_s"),
        ("[log]\nfilter = \"a=b=c\"", "log.filter"),
        ("[otlp]\nsample_ratio = 1.5", "otlp.sample_ratio"),
    ] {
        assert_eq!(keys_of(load(file, &[])), [key], "{file}");
    }
}

#[test]
fn every_way_to_run_redis_is_sound_by_itself() {
    for (file, count) in [
        ("", 0),
        ("[redis]\nurl = \"rediss://user:secret@a:6380/2\"", 1),
        ("[redis]\nurl = \"redis://a:7000, redis://b:7000,redis://c:7000/0\"\nis_cluster = true", 3),
        ("[redis]\nurl = \"redis://:secret@a:26379/3,redis://b:26379\"\nsentinel_master = \"main\"\nsentinel_password = \"x\"", 2),
    ] {
        assert_eq!(load(file, &[]).unwrap().redis.addresses().len(), count, "{file}");
    }
}

#[test]
fn identity_providers() {
    let good = "[[auth.jwks]]\nissuer = \"https://a\"\naudience = \"t\"\nurl = \"https://a/keys\"\nworkspace = \"acme\"\nrole_claim = \"roles\"\ndefault_role = \"agent\"\n";
    assert_eq!(load(good, &[]).unwrap().auth.jwks.len(), 1);
    for bad in [
        good.repeat(2),
        good.replace("https://a/keys", "http://a/keys"),
        good.replace("url = \"https://a/keys\"\n", ""),
        good.replace("\"agent\"", "\"boss\""),
        good.replace("default_role = \"agent\"\n", ""),
    ] {
        assert!(keys_of(load(&bad, &[]))[0].starts_with("auth.jwks["), "{bad}");
    }
    assert_eq!(keys_of(load(&format!("{good}colour = \"red\""), &[])), ["auth"]);
}

#[test]
fn secrets_do_not_show() {
    let key = STANDARD.encode([7_u8; 32]);
    let (secret, master) = (format!("[auth]\nsecrets = [\"{key}\"]\n"), format!("[secrets]\nmaster_keys = [\"k1:{key}\"]\n"));
    let config =
        load(&format!("{secret}{master}[database]\nurl = \"postgres://u:hunter2@h/d\"\n[redis]\nurl = \"redis://:hunter2@h\""), &[])
            .unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2") && !shown.contains(&key), "{shown}");
    assert!(check::warnings(&config).is_empty());
    let mut rng = StdRng::seed_from_u64(1);
    assert_eq!(keys::access_token_secrets(&config, &mut rng).unwrap()[0].expose_secret(), [7; 32]);
    let master = keys::master_keys(&config, &mut rng).unwrap();
    assert_eq!((master[0].id.as_str(), master[0].key.expose_secret()), ("k1", &[7_u8; 32][..]));
}

#[test]
fn keys_are_made_once_and_kept_private() {
    let folder = tempfile::tempdir().unwrap();
    let mut config = Config::from_parts(None, []).unwrap();
    config.server.data_folder = folder.path().join("new");
    let mut rng = StdRng::seed_from_u64(1);
    let first = keys::master_keys(&config, &mut rng).unwrap();
    let second = keys::master_keys(&config, &mut rng).unwrap();
    assert_eq!(first[0].key.expose_secret(), second[0].key.expose_secret());
    assert_ne!(first[0].key.expose_secret(), keys::access_token_secrets(&config, &mut rng).unwrap()[0].expose_secret());
    let path = config.server.data_folder.join("master.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let files = std::fs::read_dir(&config.server.data_folder).unwrap().count();
    assert_eq!(files, 2, "no drafts are left over");
    std::fs::write(&path, "damaged").unwrap();
    assert!(matches!(keys::master_keys(&config, &mut rng), Err(keys::KeyError::Content(_))), "never replaced");
}

/// The table of README.md has a line for every key with its default, in the same order, and no other.
#[test]
fn the_readme_lists_every_key() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let listed: Vec<String> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split("` |").next().zip(line.split("| `").nth(1)))
        .map(|(key, rest)| format!("{key} = {}", rest.split("` |").next().unwrap_or_default()))
        .collect();
    let mut section = "";
    let mut known = Vec::new();
    for line in DEFAULTS.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(name) if !line.contains('=') => section = name,
            _ => known.push(format!("{section}.{line}")),
        }
    }
    assert!(known.len() > 50, "the defaults are not read");
    assert_eq!(listed, known);
}

#[test]
fn no_meaning_in_the_readme_is_cut() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let is_setting = |line: &&str| line.strip_prefix("| `").is_some_and(|rest| rest.split('`').next().is_some_and(|key| key.contains('.')));
    let rows: Vec<_> = readme.lines().filter(is_setting).filter(|line| line.matches('|').count() == 4).collect();
    assert!(rows.len() > 50, "the table was not found: {} rows", rows.len());
    for row in rows {
        let meaning = row.trim_end_matches('|').rsplit('|').next().unwrap_or_default().trim();
        assert!(meaning.ends_with('.') && meaning.contains(' '), "not a sentence: {row}");
    }
}
