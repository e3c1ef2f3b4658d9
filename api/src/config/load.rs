//! Puts defaults, file and environment together.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
};

use config::{File, FileFormat, Map, Value, ValueKind};
use serde::de::DeserializeOwned;

use super::{Config, ConfigErrors, DEFAULTS, Problem, check::check};

/// Environment variables that are settings begin with this.
const PREFIX: &str = "TRIBUTARY__";
/// The setting that follows from another when it is left empty.
const PUBLIC_URL: &str = "server.public_url";

impl Config {
    /// Reads defaults, the file if one is given, and the environment, and checks the whole.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigErrors> {
        let text = match file {
            None => None,
            Some(path) => match std::fs::read_to_string(path) {
                Ok(text) => Some(text),
                Err(error) => {
                    return Err(ConfigErrors(vec![Problem::new(path.display().to_string(), format!("The file cannot be read: {error}."))]));
                }
            },
        };
        // Names that are not Unicode cannot be ours; values that are not become visible as wrong.
        let environment =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())));
        Self::from_parts(text.as_deref(), environment)
    }

    /// The same from a file's text and given variables; for tests and tools.
    ///
    /// # Errors
    /// Everything that is wrong, at once.
    pub fn from_parts(file: Option<&str>, environment: impl IntoIterator<Item = (String, String)>) -> Result<Self, ConfigErrors> {
        let mut problems = Vec::new();
        let defaults = config::Config::builder()
            .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
            .build()
            .map_err(|error| broken("default.toml", &error))?;
        let known = defaults.cache.clone().into_table().map_err(|error| broken("default.toml", &error))?;

        let mut builder = config::Config::builder().add_source(defaults.clone());
        if let Some(text) = file {
            let source = File::from_str(text, FileFormat::Toml);
            match config::Config::builder().add_source(source.clone()).build() {
                Err(error) => return Err(broken("configuration file", &error)),
                Ok(given) => {
                    find_unknown(&known, &given.cache, &mut problems);
                    builder = builder.add_source(source);
                }
            }
        }
        for (name, text) in environment {
            let Some(path) = name.strip_prefix(PREFIX) else { continue };
            let key = path.to_ascii_lowercase().replace("__", ".");
            match lookup(&known, &key).map(|default| convert(default, &text)) {
                None => problems.push(Problem::new(name, "There is no such setting. Remove the variable or correct its name.")),
                Some(Err(message)) => problems.push(Problem::new(name, message)),
                Some(Ok(value)) => builder = builder.set_override(&key, value).map_err(|error| broken(&name, &error))?,
            }
        }
        let given = builder.clone().build().map_err(|error| broken("settings", &error))?;
        if given.get_string(PUBLIC_URL).is_ok_and(|url| url.is_empty()) {
            builder = builder.set_override(PUBLIC_URL, own_address(&given)).map_err(|error| broken(PUBLIC_URL, &error))?;
        }
        let all = builder.build().map_err(|error| broken("settings", &error))?;
        let config = read(&all, &mut problems);
        if let Some(config) = &config {
            check(config, &mut problems);
        }
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigErrors(problems)),
        }
    }
}

/// How a browser on this machine reaches the server. Without an address to listen on it does not matter: that is reported.
fn own_address(given: &config::Config) -> String {
    match given.get::<SocketAddr>("server.listen") {
        Ok(listen)
            if listen.ip().is_unspecified() || [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()].contains(&listen.ip()) =>
        {
            format!("http://localhost:{}", listen.port())
        }
        Ok(listen) => format!("http://{listen}"),
        Err(_) => "http://localhost".to_owned(),
    }
}

/// `None` when a section could not be read; each section reports for itself.
fn read(all: &config::Config, problems: &mut Vec<Problem>) -> Option<Config> {
    fn section<T: DeserializeOwned>(all: &config::Config, name: &str, problems: &mut Vec<Problem>) -> Option<T> {
        match all.get::<T>(name) {
            Ok(section) => Some(section),
            Err(error) => {
                let text = error.to_string();
                // An unknown key was already reported, with the advice what to do.
                let is_reported = text.contains("unknown field") && problems.iter().any(|problem| problem.key.starts_with(name));
                if !is_reported {
                    problems.push(Problem::new(name, format!("{text}.")));
                }
                None
            }
        }
    }
    let (server, graphql, database) =
        (section(all, "server", problems), section(all, "graphql", problems), section(all, "database", problems));
    let (redis, media, auth) = (section(all, "redis", problems), section(all, "media", problems), section(all, "auth", problems));
    let (secrets, channels, worker) =
        (section(all, "secrets", problems), section(all, "channels", problems), section(all, "worker", problems));
    let (log, otlp) = (section(all, "log", problems), section(all, "otlp", problems));
    Some(Config {
        server: server?,
        graphql: graphql?,
        database: database?,
        redis: redis?,
        media: media?,
        auth: auth?,
        secrets: secrets?,
        channels: channels?,
        worker: worker?,
        log: log?,
        otlp: otlp?,
    })
}

fn find_unknown(known: &Map<String, Value>, given: &Value, problems: &mut Vec<Problem>) {
    let ValueKind::Table(sections) = &given.kind else { return };
    for (section, value) in sections {
        let (Some(keys), ValueKind::Table(given)) = (table(known, section), &value.kind) else {
            problems.push(Problem::new(section, "There is no such section. Remove it or correct its name."));
            continue;
        };
        for key in given.keys().filter(|key| !keys.contains_key(*key)) {
            problems.push(Problem::new(format!("{section}.{key}"), "There is no such setting. Remove it or correct its name."));
        }
    }
}

fn table<'a>(known: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    match &known.get(name)?.kind {
        ValueKind::Table(keys) => Some(keys),
        _ => None,
    }
}

fn lookup<'a>(known: &'a Map<String, Value>, key: &str) -> Option<&'a ValueKind> {
    let (section, key) = key.split_once('.')?;
    Some(&table(known, section)?.get(key)?.kind)
}

/// A variable's text as a value of the same kind as the default.
fn convert(default: &ValueKind, text: &str) -> Result<Value, String> {
    let kind = match default {
        ValueKind::Boolean(_) => ValueKind::Boolean(text.parse().map_err(|_| "Must be true or false.".to_owned())?),
        ValueKind::I64(_) | ValueKind::U64(_) => ValueKind::I64(text.parse().map_err(|_| "Must be a whole number.".to_owned())?),
        ValueKind::Float(_) => ValueKind::Float(text.parse().map_err(|_| "Must be a number.".to_owned())?),
        ValueKind::Array(_) => ValueKind::Array(
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(|item| Value::from(item.to_owned())).collect(),
        ),
        _ => ValueKind::String(text.to_owned()),
    };
    Ok(Value::new(None, kind))
}

fn broken(key: &str, error: &config::ConfigError) -> ConfigErrors {
    ConfigErrors(vec![Problem::new(key, format!("{error}."))])
}
