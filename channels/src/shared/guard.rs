//! Which addresses we may connect to: the wall against requests into our own network.
//!
//! Every connection to an address that somebody else chose passes [`AddressGuard`]: HTTP through
//! [`crate::shared::http::GuardedClient`], mail hosts through [`AddressGuard::resolve`]. Names are resolved here and the
//! connection is made to the address that was checked, so a name that changes its mind in between wins nothing.
//! What is refused follows the IANA special-purpose registries (checked 2026-11); an administrator of an on-premise
//! installation opens single networks with an allow-list, which is empty by default.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use async_trait::async_trait;
use url::Host;

/// A network, written `10.1.0.0/16` or `fd00::/8`; a bare address is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    base: IpAddr,
    prefix: u8,
}

/// A text that is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a network in CIDR notation: {0}")]
pub struct InvalidCidr(pub String);

/// Why there is no address to connect to.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// All addresses of the host are in networks that we do not enter.
    #[error("{host} is at {address}, in a network that is not allowed")]
    Refused {
        /// As it was asked for.
        host: String,
        /// The first refused address.
        address: IpAddr,
    },
    /// The name has no address.
    #[error("{host} has no address")]
    NoAddress {
        /// As it was asked for.
        host: String,
    },
    /// The name could not be looked up; worth another try.
    #[error("{host} cannot be looked up")]
    Lookup {
        /// As it was asked for.
        host: String,
        /// What the resolver said.
        source: io::Error,
    },
}

/// Turns names into addresses; a parameter, so that tests can play a hostile name server.
#[async_trait]
pub trait Resolver: Send + Sync + 'static {
    /// All addresses of a name.
    ///
    /// # Errors
    /// Whatever the name service reports.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's name service.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect())
    }
}

/// Decides about addresses; cheap to clone.
#[derive(Clone)]
pub struct AddressGuard {
    allow: Arc<[Cidr]>,
    resolver: Arc<dyn Resolver>,
}

impl fmt::Debug for AddressGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddressGuard").field("allow", &self.allow).finish_non_exhaustive()
    }
}

impl AddressGuard {
    /// A guard that lets through public addresses and the networks of `allow`.
    #[must_use]
    pub fn new(allow: Vec<Cidr>) -> Self {
        Self::with_resolver(allow, Arc::new(SystemResolver))
    }

    /// The same over another name service.
    #[must_use]
    pub fn with_resolver(allow: Vec<Cidr>, resolver: Arc<dyn Resolver>) -> Self {
        Self { allow: allow.into(), resolver }
    }

    /// Whether an administrator has opened the network of this address.
    #[must_use]
    pub fn is_listed(&self, address: IpAddr) -> bool {
        self.allow.iter().any(|network| network.contains(address))
    }

    /// Whether we may connect to this address.
    #[must_use]
    pub fn may_connect(&self, address: IpAddr) -> bool {
        is_public(address) || self.is_listed(address)
    }

    /// The addresses of a host that we may connect to; connect to these and to nothing else.
    ///
    /// Literal addresses in every notation (`0x7f.1`, `2130706433`, `[::1]`) are recognised as such.
    ///
    /// # Errors
    /// [`GuardError`].
    pub async fn resolve(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, GuardError> {
        let found = match literal(host) {
            Some(address) => vec![address],
            None => self.resolver.lookup(host).await.map_err(|source| GuardError::Lookup { host: host.to_owned(), source })?,
        };
        let Some(first) = found.first().copied() else { return Err(GuardError::NoAddress { host: host.to_owned() }) };
        let open: Vec<_> =
            found.into_iter().filter(|address| self.may_connect(*address)).map(|address| SocketAddr::new(address, port)).collect();
        if open.is_empty() { Err(GuardError::Refused { host: host.to_owned(), address: first }) } else { Ok(open) }
    }
}

/// The address that a host text stands for when it is no name.
pub(crate) fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    if let Ok(address) = bare.parse() {
        return Some(address);
    }
    match Host::parse(host).ok()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

/// IPv4 networks that are not the public internet, and two public addresses under which clouds serve metadata.
const CLOSED_V4: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),        // this network
    (Ipv4Addr::new(10, 0, 0, 0), 8),       // private
    (Ipv4Addr::new(100, 64, 0, 0), 10),    // carrier-grade NAT, and one cloud's metadata
    (Ipv4Addr::new(127, 0, 0, 0), 8),      // loopback
    (Ipv4Addr::new(168, 63, 129, 16), 32), // metadata of a cloud
    (Ipv4Addr::new(169, 254, 0, 0), 16),   // link-local, metadata of most clouds
    (Ipv4Addr::new(172, 16, 0, 0), 12),    // private
    (Ipv4Addr::new(192, 0, 0, 0), 24),     // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24),     // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24),   // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16),   // private
    (Ipv4Addr::new(198, 18, 0, 0), 15),    // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24),  // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24),   // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4),      // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4),      // reserved, broadcast
];

/// Networks inside `2000::/3` that are not the public internet. Everything outside of `2000::/3` is closed anyway: loopback,
/// mapped and compatible IPv4, NAT64, link-local, unique local, multicast.
const CLOSED_V6: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments: Teredo, benchmarks, ORCHID
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4: an IPv4 address inside
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !CLOSED_V4.iter().any(|&(base, prefix)| Cidr { base: base.into(), prefix }.contains(v4.into())),
        IpAddr::V6(v6) => {
            let is_global = v6.segments()[0] & 0xe000 == 0x2000;
            // ISATAP hides an IPv4 address in the last half of any prefix.
            let is_isatap = v6.segments()[4] & 0xfdff == 0 && v6.segments()[5] == 0x5efe;
            is_global && !is_isatap && !CLOSED_V6.iter().any(|&(base, prefix)| Cidr { base: base.into(), prefix }.contains(v6.into()))
        }
    }
}

impl Cidr {
    /// Whether the address is in the network. IPv4 inside IPv6 is not unpacked: it must be listed as what it is.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.base, address) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                base.to_bits() & mask == address.to_bits() & mask
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                base.to_bits() & mask == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Cidr {
    type Err = InvalidCidr;

    fn from_str(text: &str) -> Result<Self, InvalidCidr> {
        let invalid = || InvalidCidr(text.to_owned());
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let base: IpAddr = address.parse().map_err(|_| invalid())?;
        let longest = if base.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), str::parse).map_err(|_| invalid())?;
        if prefix > longest { Err(invalid()) } else { Ok(Self { base, prefix }) }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::{AddressGuard, Cidr, is_public, literal};

    #[test]
    fn networks_are_read_and_compared() {
        let inside =
            |network: &str, address: &str| network.parse::<Cidr>().expect("a network").contains(address.parse().expect("an address"));
        assert!(inside("10.1.0.0/16", "10.1.255.255"));
        assert!(!inside("10.1.0.0/16", "10.2.0.0"));
        assert!(inside("0.0.0.0/0", "8.8.8.8"));
        assert!(inside("::/0", "2600::1"));
        assert!(!inside("0.0.0.0/0", "::1"));
        assert!(inside("192.0.2.7", "192.0.2.7"));
        assert!(!inside("192.0.2.7", "192.0.2.8"));
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "a/8", "10.0.0.0/-1", "10.0.0.0/"] {
            assert!(wrong.parse::<Cidr>().is_err(), "{wrong}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn edges_of_the_closed_networks() {
        let closed = [
            "0.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "127.255.255.255", "169.254.169.254", "168.63.129.16",
            "172.16.0.0", "172.31.255.255", "192.0.0.192", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
            "203.0.113.9", "224.0.0.1", "239.255.255.255", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:8.8.8.8",
            "::ffff:0:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:1ff:ffff::1", "2001:db8::1",
            "2002:7f00:1::", "3fff::1", "3fff:fff::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "5f00::1",
            "2a00:1450::5efe:7f00:1", "2a00:1450::200:5efe:7f00:1",
        ];
        let open = [
            "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0",
            "198.17.255.255", "198.20.0.0", "223.255.255.255", "2001:200::1", "2001:4860:4860::8888", "2606:4700::1111", "2003::1",
            "2a00:1450:4001::200e", "3fff:1000::1",
        ];
        for address in closed {
            assert!(!is_public(address.parse().expect("an address")), "{address} must be closed");
        }
        for address in open {
            assert!(is_public(address.parse().expect("an address")), "{address} must be open");
        }
    }

    #[tokio::test]
    async fn literals_of_every_notation_are_addresses() {
        for text in ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0x7f.0.0.1", "127.0.0.1.", "[::1]", "::1"] {
            assert!(literal(text).is_some_and(|address| address.is_loopback()), "{text}");
            assert!(AddressGuard::new(Vec::new()).resolve(text, 443).await.is_err(), "{text}");
        }
        assert_eq!(literal("example.com"), None);
    }

    #[tokio::test]
    async fn an_allow_list_opens_what_it_names() {
        let guard = AddressGuard::new(vec!["127.0.0.0/8".parse().expect("a network")]);
        assert_eq!(guard.resolve("127.0.0.1", 25).await.expect("listed"), ["127.0.0.1:25".parse().expect("an address")]);
        assert!(guard.resolve("10.0.0.1", 25).await.is_err());
    }
}
