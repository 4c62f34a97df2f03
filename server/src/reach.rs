//! How phones on the same network reach the server: its addresses there, and the first of them as a QR code.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use if_addrs::Interface;
use qrcode::{QrCode, render::unicode::Dense1x2};

/// Beginnings of the names that virtual machines, containers and tunnels give their interfaces. No phone is behind them.
const VIRTUAL: [&str; 8] = ["br-", "docker", "tap", "tun", "utun", "veth", "virbr", "vmnet"];

/// Black on white, whatever colours the terminal has (256-colour codes of ECMA-48's SGR), and back.
const COLOURS: (&str, &str) = ("\x1b[38;5;16;48;5;231m", "\x1b[0m");

/// The address of `bound` for a browser on this computer: one that means every interface is none.
pub fn here(mut bound: SocketAddr) -> SocketAddr {
    if bound.ip().is_unspecified() {
        let local: IpAddr =
            if bound.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        bound.set_ip(local);
    }
    bound
}

/// The addresses by which other computers reach a server that listens at `bound`, the likeliest first; none for a loopback
/// address.
pub fn elsewhere(bound: SocketAddr, interfaces: &[Interface]) -> Vec<SocketAddr> {
    let ip = bound.ip();
    if !ip.is_unspecified() {
        return if ip.is_loopback() { Vec::new() } else { vec![bound] };
    }
    let is_reachable = |interface: &&Interface| {
        let is_family = bound.is_ipv6() || interface.ip().is_ipv4();
        // A link-local address of IPv6 means nothing without the name of an interface, which URLs cannot have.
        let is_usable = interface.ip().is_ipv4() || !interface.is_link_local();
        is_family && is_usable && !interface.is_loopback()
    };
    let mut reachable: Vec<&Interface> = interfaces.iter().filter(is_reachable).collect();
    let is_virtual = |interface: &Interface| VIRTUAL.iter().any(|name| interface.name.starts_with(name));
    // Stable, so that what is alike stays in the system's order.
    reachable.sort_by_key(|interface| {
        (is_virtual(interface), interface.is_p2p(), interface.is_link_local(), interface.ip().is_ipv6())
    });
    reachable.into_iter().map(|interface| SocketAddr::new(interface.ip(), bound.port())).collect()
}

/// `text` as a QR code (ISO/IEC 18004) of half blocks, two modules a character; none if it is too long for one. `coloured`
/// for a terminal, where a code in the wrong colours is one that some phones do not read.
pub fn qr_code(text: &str, coloured: bool) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    let drawn = code.render::<Dense1x2>().build();
    if !coloured {
        return Some(drawn);
    }
    let (begin, end) = COLOURS;
    Some(drawn.lines().map(|line| format!("{begin}{line}{end}")).collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    use if_addrs::{IfAddr, IfOperStatus, Ifv4Addr, Ifv6Addr};

    use super::*;

    fn interface(name: &str, ip: &str) -> Interface {
        let addr = match ip.parse().expect("an address") {
            IpAddr::V4(ip) => {
                IfAddr::V4(Ifv4Addr { ip, netmask: Ipv4Addr::BROADCAST, prefixlen: 24, broadcast: None })
            }
            IpAddr::V6(ip) => {
                IfAddr::V6(Ifv6Addr { ip, netmask: Ipv6Addr::UNSPECIFIED, prefixlen: 64, broadcast: None })
            }
        };
        let oper_status = IfOperStatus::Up;
        Interface { name: name.to_owned(), addr, index: None, oper_status, is_p2p: false }
    }

    fn reached(bound: &str) -> Vec<String> {
        let interfaces = [
            interface("lo", "127.0.0.1"),
            interface("docker0", "172.17.0.1"),
            interface("wlan0", "fe80::1"),
            interface("wlan0", "fd00::7"),
            interface("usb0", "169.254.7.7"),
            interface("wlan0", "192.168.1.5"),
            interface("lo", "::1"),
        ];
        let bound = bound.parse().expect("an address");
        elsewhere(bound, &interfaces).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn phones_are_told_the_addresses_of_real_networks_first() {
        assert_eq!(reached("0.0.0.0:80"), ["192.168.1.5:80", "169.254.7.7:80", "172.17.0.1:80"]);
        assert_eq!(reached("[::]:80"), ["192.168.1.5:80", "[fd00::7]:80", "169.254.7.7:80", "172.17.0.1:80"]);
        assert_eq!(reached("192.168.1.5:8080"), ["192.168.1.5:8080"], "what was asked for");
    }

    #[test]
    fn nobody_else_reaches_a_loopback_address() {
        for bound in ["127.0.0.1:80", "127.0.0.2:80", "[::1]:80"] {
            assert!(reached(bound).is_empty(), "{bound}");
        }
        assert_eq!(here("0.0.0.0:80".parse().expect("an address")).to_string(), "127.0.0.1:80");
        assert_eq!(here("[::]:80".parse().expect("an address")).to_string(), "[::1]:80");
    }

    #[test]
    fn a_code_is_a_square_with_a_margin_and_its_three_finders() {
        let plain = qr_code("http://192.168.1.5:8080/", false).expect("short enough");
        let lines: Vec<Vec<char>> = plain.lines().map(|line| line.chars().collect()).collect();
        let width = lines[0].len();
        // Two modules a line; 17 + 4 v modules a side, and four of margin around them.
        assert!(lines.iter().all(|line| line.len() == width) && lines.len() == width.div_ceil(2), "{plain}");
        assert_eq!((width - 8 - 17) % 4, 0);
        let finder = |x: usize, y: usize| lines[y][x..x + 7].iter().collect::<String>();
        assert_eq!(finder(4, 2), "█▀▀▀▀▀█", "{plain}");
        assert_eq!(finder(width - 11, 2), "█▀▀▀▀▀█", "{plain}");
        assert!(lines[0].iter().all(|c| *c == ' '), "a margin");
        let coloured = qr_code("http://192.168.1.5:8080/", true).expect("short enough");
        assert!(coloured.lines().all(|line| line.starts_with(COLOURS.0) && line.ends_with(COLOURS.1)));
        assert_eq!(qr_code(&"a".repeat(10_000), false), None);
    }
}
