//! How many files and connections the system lets this process have open.
//!
//! Programs are started with a low limit, often 1024, and with leave to raise it: the low one is for old programs that would not
//! know what to do with more. A thousand connections that somebody opens to be a nuisance would use it up.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open besides connections of clients: the database, the bus, platforms, files.
const OURS: u64 = 256;

/// Raises the limit as far as the system allows without being asked.
pub fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current == maximum {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::debug!(error = &error as &dyn std::error::Error, "The limit of open files cannot be raised");
    }
}

/// How many this process may have open now.
#[must_use]
pub fn limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// What to change when so many connections do not fit.
#[must_use]
pub fn warning(connections: usize) -> Option<String> {
    let limit = limit();
    (limit < OURS.saturating_add(connections as u64)).then(|| {
        format!(
            "The system lets this process have {limit} files and connections open, too few for server.max_connections \
             ({connections}): raise the limit (ulimit -n, LimitNOFILE) or lower the setting by more than {OURS} below it."
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_is_open_as_may_be() {
        raise_limit();
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        assert_eq!(current, maximum);
        assert_eq!(warning(0), None);
        if let Some(limit) = current {
            let said = warning(usize::try_from(limit).unwrap()).unwrap();
            assert!(said.contains(&format!("have {limit} files")), "{said}");
        }
    }
}
