//! Sets whose members expire: a sorted set of names by expiry, a hash of their values. Redis' own clock decides.

use std::{sync::LazyLock, time::Duration};

use redis::{Script, aio::MultiplexedConnection};

use super::{Member, Shared, Unreachable};

static PUT: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local t = redis.call('TIME') \
         local ttl = tonumber(ARGV[3]) \
         redis.call('ZADD', KEYS[1], t[1] * 1000 + math.floor(t[2] / 1000) + ttl, ARGV[1]) \
         redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) \
         for _, key in ipairs(KEYS) do \
           if redis.call('PTTL', key) < ttl then redis.call('PEXPIRE', key, ttl) end \
         end",
    )
});

static REMOVE: LazyLock<Script> =
    LazyLock::new(|| Script::new("redis.call('ZREM', KEYS[1], ARGV[1]) redis.call('HDEL', KEYS[2], ARGV[1])"));

static LIST: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local t = redis.call('TIME') \
         local now = t[1] * 1000 + math.floor(t[2] / 1000) \
         for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do \
           redis.call('ZREM', KEYS[1], name) redis.call('HDEL', KEYS[2], name) \
         end \
         local found = {} \
         for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do \
           found[#found + 1] = name found[#found + 1] = redis.call('HGET', KEYS[2], name) or '' \
         end \
         return found",
    )
});

pub(super) async fn put(shared: &Shared, set: &str, member: &Member, ttl: Duration) -> Result<(), Unreachable> {
    let mut connection = connection(shared)?;
    let [names, values] = keys(shared, set);
    let millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
    let mut call = PUT.key(names);
    call.key(values).arg(&member.name).arg(&member.value).arg(millis);
    call.invoke_async(&mut connection).await.map_err(unreachable)
}

pub(super) async fn remove(shared: &Shared, set: &str, name: &str) -> Result<(), Unreachable> {
    let mut connection = connection(shared)?;
    let [names, values] = keys(shared, set);
    let mut call = REMOVE.key(names);
    call.key(values).arg(name);
    call.invoke_async(&mut connection).await.map_err(unreachable)
}

pub(super) async fn list(shared: &Shared, set: &str) -> Result<Vec<Member>, Unreachable> {
    let mut connection = connection(shared)?;
    let [names, values] = keys(shared, set);
    let mut call = LIST.key(names);
    let flat: Vec<String> = call.key(values).invoke_async(&mut connection).await.map_err(unreachable)?;
    let mut members: Vec<Member> = flat.chunks_exact(2).map(|pair| Member { name: pair[0].clone(), value: pair[1].clone() }).collect();
    members.sort();
    Ok(members)
}

fn connection(shared: &Shared) -> Result<MultiplexedConnection, Unreachable> {
    shared.connection().ok_or(Unreachable)
}

/// The braces keep both keys on one shard of a cluster.
fn keys(shared: &Shared, set: &str) -> [String; 2] {
    let prefix = &shared.prefix;
    [format!("{prefix}:s:{{{set}}}:names"), format!("{prefix}:s:{{{set}}}:values")]
}

fn unreachable(error: redis::RedisError) -> Unreachable {
    tracing::debug!(error = %error, "a set on the bus cannot be reached");
    Unreachable
}
