package middleware

import (
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/netip"
	"strings"
)

// maxHops is how many entries of a list of addresses are looked at: chains have a
// handful, and who forges longer ones should not be read at length.
const maxHops = 20

// Client is who is at the other end of a request.
type Client struct {
	// Address has no zone and is never an IPv4 address in the form of IPv6. It is the
	// zero Addr where the connection is not of TCP.
	Address netip.Addr
	// TLS tells whether the request came by TLS, to us or to a trusted proxy.
	TLS bool
}

// ClientFrom returns the client that Clients found for a request, or else the other
// end of its connection.
func ClientFrom(r *http.Request) Client {
	if req, ok := r.Context().Value(requestStateKey{}).(*requestState); ok {
		return req.client
	}
	return peerClient(r)
}

// peerClient is the other end of a request's connection.
func peerClient(r *http.Request) Client {
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	return Client{Address: normalizeAddr(from.Addr()), TLS: r.TLS != nil}
}

func normalizeAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// TrustedProxies are the networks whose word is taken on whom they ask for.
type TrustedProxies []netip.Prefix

// ParseProxies reads networks, such as "10.0.0.0/8", or single addresses. The error
// says which is none, and why.
func ParseProxies(networks []string) (TrustedProxies, error) {
	var all TrustedProxies
	for _, network := range networks {
		prefix, err := parseNetwork(network)
		if err != nil {
			return nil, fmt.Errorf("trusted proxy %q: %w", network, err)
		}
		all = append(all, prefix)
	}
	return all, nil
}

func parseNetwork(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = normalizeAddr(a)
		return a.Prefix(a.BitLen())
	}
	prefix, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return prefix, errors.New("want a network, such as 10.0.0.0/8 or fd00::/8, or an address")
	case prefix.Addr().Is4In6():
		return prefix, errors.New("write an IPv4 network as one, such as 10.0.0.0/8")
	case prefix.Bits() == 0:
		return prefix, errors.New("this would believe everybody: name the networks that only your proxies are in")
	}
	return prefix, nil
}

func (p TrustedProxies) containsAddr(a netip.Addr) bool {
	for _, prefix := range p {
		if prefix.Contains(a) {
			return true
		}
	}
	return false
}

// ResolveClient finds out who asks behind trusted proxies. Requests from anywhere else
// are from the other end of their connection, whatever their headers say.
//
// Of a list of addresses, each of which was added by who took the request from it,
// the client is the rightmost that is not a trusted proxy: what is left of that the
// client may have made up. X-Forwarded-For is read, or without one Forwarded
// (RFC 7239): most proxies write the first, and pass the second on as it came. TLS
// is what the last value of X-Forwarded-Proto says, or without one Forwarded.
func ResolveClient(proxies TrustedProxies) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r, req := attachRequestState(r)
			if from := req.client.Address; proxies.containsAddr(from) {
				req.client = proxies.resolveClient(from, r.Header)
				req.client.TLS = req.client.TLS || r.TLS != nil
			}
			next.ServeHTTP(w, r)
		})
	}
}

// resolveClient returns whom the trusted proxy at from asks for.
func (p TrustedProxies) resolveClient(from netip.Addr, h http.Header) Client {
	c, hops := Client{Address: from}, forwardedClients(h["Forwarded"])
	if list := h["X-Forwarded-For"]; len(list) > 0 {
		hops = xForwardedClients(list)
	}
	inspected := 0
	for hop, known := range hops {
		if inspected++; !known || inspected > maxHops {
			break // the last proxy we know speaks for somebody it does not tell
		}
		c = hop
		if !p.containsAddr(hop.Address) {
			break
		}
	}
	if list := h["X-Forwarded-Proto"]; len(list) > 0 {
		last := list[len(list)-1]
		c.TLS = strings.EqualFold(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:]), "https")
	}
	return c
}

// xForwardedClients yields the addresses of X-Forwarded-For, the last first, and false
// with what is no address.
func xForwardedClients(lines []string) iter.Seq2[Client, bool] {
	return func(yield func(Client, bool) bool) {
		for i := len(lines) - 1; i >= 0; i-- {
			for rest, more := lines[i], true; more; {
				comma := strings.LastIndexByte(rest, ',')
				item := strings.Trim(rest[comma+1:], " \t")
				if more = comma >= 0; more {
					rest = rest[:comma]
				}
				a, ok := parseNode(item)
				if !yield(Client{Address: a}, ok) {
					return
				}
			}
		}
	}
}

// parseNode reads an address, with or without a port; one of IPv6 may be in
// brackets.
func parseNode(s string) (netip.Addr, bool) {
	if from, err := netip.ParseAddrPort(s); err == nil {
		return normalizeAddr(from.Addr()), true
	}
	if inner, ok := strings.CutPrefix(s, "["); ok {
		if s, ok = strings.CutSuffix(inner, "]"); !ok {
			return netip.Addr{}, false
		}
	}
	a, err := netip.ParseAddr(s)
	return normalizeAddr(a), err == nil
}
