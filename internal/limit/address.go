package limit

import (
	"net/http"
	"net/netip"
)

// Address is a key for Middleware: the address that the connection came from, of
// an IPv6 address the first 64 bits, all of which one household or one rented
// server has. Behind a proxy it is the proxy's.
func Address(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil { // a unix socket
		return "address:" + r.RemoteAddr
	}
	address := from.Addr().Unmap().WithZone("")
	if address.Is6() {
		prefix, _ := address.Prefix(64) // 64 is always within an IPv6 address
		return "address:" + prefix.String()
	}
	return "address:" + address.String()
}
