package ratelimit

import (
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"github.com/7p-education/api/edu"
)

// caller is who asks: a viewer, or for the anonymous an address.
type caller struct {
	viewer  edu.Viewer
	address netip.Addr
}

// bucketKey names the bucket of a caller.
func (c caller) bucketKey() string {
	if c.viewer.SignedIn() {
		return "viewer:" + strconv.FormatInt(c.viewer.ID, 10)
	}
	return addressKey(c.address)
}

// isPremium tells who has the larger limit: who pays for it, and instructors and
// admins, whose work it is to use the platform. They are not without a limit, as
// their tokens can be stolen like anybody's.
func (c caller) isPremium() bool {
	return c.viewer.SignedIn() && (c.viewer.Plan == edu.PlanPremium || c.viewer.HasRole(edu.RoleInstructor))
}

// addressKey names the bucket of an address: of an IPv6 address the first 64 bits,
// all of which one household or one rented server has.
func addressKey(a netip.Addr) string {
	if a.Is6() {
		prefix, _ := a.Prefix(64) // 64 is always within an IPv6 address
		return "address:" + prefix.String()
	}
	return "address:" + a.String()
}

// emailKey names the bucket of an email, without regard to case and without
// telling the email to whoever reads Redis.
func emailKey(email string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(email)))
	return "email:" + hex.EncodeToString(sum[:16])
}
