//! Sets whose members expire: a sorted set of names by expiry, a hash of their values. Redis' own clock decides.
//!
//! The scripts travel with every call: they are short, and loading them first would need every server of a cluster.

use std::time::Duration;

use redis::FromRedisValue;
use tokio::time::timeout;

use super::{Member, RESPONSE_TIMEOUT, Shared, Unreachable};

const PUT: &str = "local t = redis.call('TIME') \
     local ttl = tonumber(ARGV[3]) \
     redis.call('ZADD', KEYS[1], t[1] * 1000 + math.floor(t[2] / 1000) + ttl, ARGV[1]) \
     redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) \
     for _, key in ipairs(KEYS) do \
       if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, ttl) end \
     end";

const REMOVE: &str = "redis.call('ZREM', KEYS[1], ARGV[1]) redis.call('HDEL', KEYS[2], ARGV[1])";

const LIST: &str = "local t = redis.call('TIME') \
     local now = t[1] * 1000 + math.floor(t[2] / 1000) \
     for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do \
       redis.call('ZREM', KEYS[1], name) redis.call('HDEL', KEYS[2], name) \
     end \
     local found = {} \
     for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do \
       found[#found + 1] = name found[#found + 1] = redis.call('HGET', KEYS[2], name) or '' \
     end \
     return found";

pub(super) async fn put(shared: &Shared, set: &str, member: &Member, ttl: Duration) -> Result<(), Unreachable> {
    let millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    run(shared, PUT, set, &[&member.name, &member.value, &millis.to_string()]).await
}

pub(super) async fn remove(shared: &Shared, set: &str, name: &str) -> Result<(), Unreachable> {
    run(shared, REMOVE, set, &[name]).await
}

pub(super) async fn list(shared: &Shared, set: &str) -> Result<Vec<Member>, Unreachable> {
    let flat: Vec<String> = run(shared, LIST, set, &[]).await?;
    let mut members: Vec<Member> = flat.chunks_exact(2).map(|pair| Member { name: pair[0].clone(), value: pair[1].clone() }).collect();
    members.sort();
    Ok(members)
}

async fn run<T: FromRedisValue>(shared: &Shared, script: &str, set: &str, args: &[&str]) -> Result<T, Unreachable> {
    let mut connection = shared.connection().ok_or(Unreachable)?;
    let mut call = redis::cmd("EVAL");
    call.arg(script).arg(2).arg(&keys(shared, set)).arg(args);
    // A cluster may try several servers, each with a timeout of its own.
    match timeout(RESPONSE_TIMEOUT * 2, call.query_async(&mut connection)).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::debug!(error = %error, "a set on the bus cannot be reached");
            Err(Unreachable)
        }
        Err(_) => Err(Unreachable),
    }
}

/// The braces keep both keys on one shard of a cluster.
fn keys(shared: &Shared, set: &str) -> [String; 2] {
    let prefix = &shared.prefix;
    [format!("{prefix}:s:{{{set}}}:names"), format!("{prefix}:s:{{{set}}}:values")]
}
