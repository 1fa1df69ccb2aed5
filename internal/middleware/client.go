package middleware

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/netip"
	"strings"
)

// maxHops is the maximum number of addresses read from a list. Real chains have a handful; the
// limit bounds the work that a forged list can cause.
const maxHops = 20

// Client describes the sender of a request.
type Client struct {
	// Address has no zone and is never an IPv4-mapped IPv6 address. It is the zero Addr if the
	// connection is not TCP.
	Address netip.Addr
	// TLS reports whether the request used TLS, to this server or to a trusted proxy.
	TLS bool
	// Trusted reports whether it is a trusted caller that names no end user.
	Trusted bool
}

// ClientFrom returns the client that ResolveClient found for a request, or else the peer of its
// connection.
func ClientFrom(r *http.Request) Client {
	if c, ok := ClientFromContext(r.Context()); ok {
		return c
	}
	return peerClient(r)
}

// ClientFromContext returns the client that ResolveClient found for the request of a context, and
// whether it ran.
func ClientFromContext(ctx context.Context) (Client, bool) {
	req, ok := ctx.Value(requestStateKey{}).(*requestState)
	if !ok {
		return Client{}, false
	}
	return req.client, true
}

// peerClient returns the peer of the request's connection.
func peerClient(r *http.Request) Client {
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	return Client{Address: normalizeAddr(from.Addr()), TLS: r.TLS != nil}
}

func normalizeAddr(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// TrustedProxies are the networks whose forwarding headers are trusted.
type TrustedProxies []netip.Prefix

// ParseProxies parses networks such as "10.0.0.0/8", or single addresses. The error names the
// first invalid one and the reason.
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
		return prefix, errors.New("not a network or an address: write one such as 10.0.0.0/8 or fd00::/8")
	case prefix.Addr().Is4In6():
		return prefix, errors.New("IPv4 network in IPv6 notation: write it such as 10.0.0.0/8")
	case prefix.Bits() == 0:
		return prefix, errors.New("network of all addresses: list networks that hold only your proxies")
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

// ResolveClient determines the client of requests that arrive through trusted proxies. For all
// other requests the client is the peer of the connection, and forwarding headers are ignored.
//
// Each proxy appends the address that it received the request from. The client is therefore the
// rightmost address that is not a trusted proxy; the client may have forged all addresses left of
// it. X-Forwarded-For is read first, Forwarded (RFC 7239) only in its absence: most proxies write
// X-Forwarded-For and pass Forwarded through unchanged. TLS is the last value of
// X-Forwarded-Proto, or in its absence the proto of Forwarded.
//
// A caller with the key may name the end user that it sends the request for, who is the client then.
func ResolveClient(proxies TrustedProxies, key TrustedCallerKey) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r, req := attachRequestState(r)
			if from := req.client.Address; proxies.containsAddr(from) {
				req.client = proxies.resolveClient(from, r.Header)
				req.client.TLS = req.client.TLS || r.TLS != nil
			}
			req.client = key.recognizeCaller(req.client, r.Header)
			next.ServeHTTP(w, r)
		})
	}
}

// resolveClient returns the client that the trusted proxy at from forwards for.
func (p TrustedProxies) resolveClient(from netip.Addr, h http.Header) Client {
	c, hops := Client{Address: from}, forwardedClients(h["Forwarded"])
	if list := h["X-Forwarded-For"]; len(list) > 0 {
		hops = xForwardedClients(list)
	}
	inspected := 0
	for hop, known := range hops {
		if inspected++; !known || inspected > maxHops {
			break // the last known proxy does not name its client
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

// xForwardedClients yields the addresses of X-Forwarded-For, last first. The flag is false for an
// entry that is not an address.
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

// parseNode parses an address with or without a port. An IPv6 address may be in brackets.
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
