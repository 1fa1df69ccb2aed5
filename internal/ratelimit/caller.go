package ratelimit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/7p-education/api/edu"
)

// caller identifies the sender of a request: a viewer, or an address for anonymous requests.
type caller struct {
	viewer  edu.Viewer
	address netip.Addr
}

// bucketKey returns the key of the caller's bucket.
func (c caller) bucketKey() string {
	if c.viewer.SignedIn() {
		return "viewer:" + strconv.FormatInt(c.viewer.ID, 10)
	}
	return addressKey(c.address)
}

// CallerKey returns the key under which the requests of a viewer are limited, or of an address if the
// viewer is anonymous.
func CallerKey(v edu.Viewer, address netip.Addr) string { return caller{v, address}.bucketKey() }

// isPremium reports whether the caller has the larger limit: premium plans, which pay for it, and
// instructors and admins, who use the platform for work. These callers have a limit too, because their
// tokens can be stolen like any others.
func (c caller) isPremium() bool {
	return c.viewer.SignedIn() && (c.viewer.Plan == edu.PlanPremium || c.viewer.HasRole(edu.RoleInstructor))
}

// addressKey returns the key of an address's bucket. An IPv6 address counts by its first 64 bits, which
// one household or one rented server owns as a whole.
func addressKey(a netip.Addr) string {
	if a.Is6() {
		prefix, _ := a.Prefix(64) // 64 is always within an IPv6 address
		return "address:" + prefix.String()
	}
	return "address:" + a.String()
}

// emailKey returns the key of an email's bucket. It ignores case and hides the email from readers of
// Redis.
func emailKey(email string) string {
	sum := sha256.Sum256([]byte(normalizeEmail(email)))
	return "email:" + hex.EncodeToString(sum[:16])
}

// normalizeEmail returns one spelling for all spellings with which an account is found.
func normalizeEmail(email string) string {
	return strings.ToLower(norm.NFC.String(edu.TrimEmail(email)))
}

// HashSignInAddress returns the hash of an email and the address of the request's caller, or nil if the
// request did not pass Middleware. An IPv6 address counts as addressKey says.
func HashSignInAddress(ctx context.Context, email string) []byte {
	limited := limitedRequestFrom(ctx)
	if limited == nil {
		return nil
	}
	sum := sha256.Sum256([]byte("7p sign-in\x00" + normalizeEmail(email) + "\x00" + addressKey(limited.caller.address)))
	return sum[:]
}
