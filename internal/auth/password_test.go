package auth_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/auth"
)

const goodPassword = "a tall ship and a star"

func hash(t *testing.T, password string) string {
	t.Helper()
	stored, err := auth.NewPasswordHasher().HashPassword(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

func verify(t *testing.T, password, stored string) (match bool, rehashed string) {
	t.Helper()
	match, rehashed, err := auth.NewPasswordHasher().VerifyPassword(t.Context(), password, stored)
	if err != nil {
		t.Fatal(err)
	}
	return match, rehashed
}

// TestHash checks that a stored hash is argon2id with OWASP's parameters and a new salt.
func TestHash(t *testing.T) {
	t.Parallel()
	stored, again := hash(t, goodPassword), hash(t, goodPassword)
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{43})$`)
	parts := form.FindStringSubmatch(stored)
	if parts == nil {
		t.Fatalf("stored as %s", stored)
	}
	if stored == again {
		t.Error("two hashes have the same salt")
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if key := base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte(goodPassword), salt, 2, 19*1024, 1, 32)); key != parts[2] {
		t.Errorf("the key is %s, want %s", parts[2], key)
	}
	for password, want := range map[string]bool{goodPassword: true, goodPassword + " ": false, strings.ToUpper(goodPassword): false, "": false} {
		if match, rehashed := verify(t, password, stored); match != want || rehashed != "" {
			t.Errorf("%q: %v, rehashed %q; want %v", password, match, rehashed, want)
		}
	}
}

// TestHashNormalizes checks that two encodings of the same letters are the same password.
func TestHashNormalizes(t *testing.T) {
	t.Parallel()
	const password = "Žluťoučký kůň"
	if match, _ := verify(t, norm.NFD.String(password), hash(t, norm.NFC.String(password))); !match {
		t.Error("the decomposed password does not match the composed one")
	}
}

// phc returns a hash with the parameters of another program or another year.
func phc(memory, passes uint32, lanes uint8, saltLength, keyLength int) string {
	salt := []byte(strings.Repeat("s", saltLength))
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", memory, passes, lanes, b64.EncodeToString(salt),
		b64.EncodeToString(argon2.IDKey([]byte(goodPassword), salt, passes, memory, lanes, uint32(keyLength))))
}

func TestWeakHashesAreRehashed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		stored string
		weaker bool
	}{
		"current parameters":  {phc(19*1024, 2, 1, 16, 32), false},
		"less memory":         {phc(12*1024, 2, 1, 16, 32), true},
		"one pass":            {phc(19*1024, 1, 1, 16, 32), true},
		"short salt":          {phc(19*1024, 2, 1, 8, 32), true},
		"short key":           {phc(19*1024, 2, 1, 16, 16), true},
		"another of OWASP's":  {phc(46*1024, 1, 1, 16, 32), false},
		"more of everything":  {phc(32*1024, 3, 4, 32, 64), false},
		"memory for a thread": {phc(8, 1, 1, 16, 32), true},
	} {
		match, rehashed := verify(t, goodPassword, tt.stored)
		if !match || (rehashed != "") != tt.weaker {
			t.Errorf("%s: %v, rehashed %q", name, match, rehashed)
		}
		if rehashed == "" {
			continue
		}
		if match, twice := verify(t, goodPassword, rehashed); !match || twice != "" {
			t.Errorf("%s: rehashed to %s: %v, rehashed again %q", name, rehashed, match, twice)
		}
		if match, rehashed := verify(t, "another password", tt.stored); match || rehashed != "" {
			t.Errorf("%s: a wrong password: %v, rehashed %q", name, match, rehashed)
		}
	}
}

// TestVerifyWithoutHash checks that an unreadable hash matches no password and costs as much as any
// other: it fills 19 MiB, regardless of the stored text.
func TestVerifyWithoutHash(t *testing.T) {
	stored := hash(t, goodPassword)
	parts := strings.Split(stored, "$")
	with := func(i int, part string) string {
		changed := append([]string{}, parts...)
		changed[i] = part
		return strings.Join(changed, "$")
	}
	for name, stored := range map[string]string{
		"nothing": "", "text": goodPassword, "bcrypt": "$2b$12$abcdefghijklmnopqrstuvabcdefghijklmnopqrstuvabcdefghijklm",
		"argon2i": with(1, "argon2i"), "an older version": with(2, "v=16"), "no salt": with(4, ""), "no key": with(5, ""),
		"key of another alphabet": with(5, strings.Repeat("-", 43)), "text after it": stored + "$x", "space": " " + stored,
		"no memory": with(3, "m=0,t=2,p=1"), "no passes": with(3, "m=19456,t=0,p=1"), "no lanes": with(3, "m=19456,t=2,p=0"),
		"4 GiB": with(3, "m=4194304,t=2,p=1"), "a million passes": with(3, "m=19456,t=1000000,p=1"), "signed": with(3, "m=+19456,t=2,p=1"),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		ok, rehashed := verify(t, goodPassword, stored)
		runtime.ReadMemStats(&after)
		if ok || rehashed != "" {
			t.Errorf("%s: %v, rehashed %q", name, ok, rehashed)
		}
		if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib < 19 || mib > 20 {
			t.Errorf("%s: allocated %d MiB, want the 19 of a hash", name, mib)
		}
	}
}

// TestHashQueue checks that as many calls hash at a time as there are processors, and MaxQueued wait;
// further calls fail at once. A call that waits too long fails too.
func TestHashQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, n := auth.NewPasswordHasher(), runtime.GOMAXPROCS(0)
		var running, served, rejected atomic.Int64
		var wg sync.WaitGroup
		release := make(chan struct{})
		for range 3 * (n + auth.MaxQueued) {
			wg.Go(func() {
				releaseSlot, err := p.AcquireSlot(t.Context())
				if err != nil {
					if !errors.Is(err, edu.Unavailable) {
						t.Errorf("rejected with %v", err)
					}
					rejected.Add(1)
					return
				}
				if running.Add(1) > int64(n) {
					t.Errorf("more than %d calls hash at a time", n)
				}
				<-release
				running.Add(-1)
				served.Add(1)
				releaseSlot()
			})
		}
		synctest.Wait()
		if running.Load() != int64(n) || rejected.Load() != int64(2*(n+auth.MaxQueued)) {
			t.Errorf("%d calls hash and %d are rejected; want %d and %d", running.Load(), rejected.Load(), n, 2*(n+auth.MaxQueued))
		}
		close(release)
		wg.Wait()
		if served.Load() != int64(n+auth.MaxQueued) {
			t.Errorf("served %d calls, want %d", served.Load(), n+auth.MaxQueued)
		}

		// Occupy all slots until the end of the test.
		for range n {
			if _, err := p.AcquireSlot(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := p.VerifyPassword(t.Context(), goodPassword, ""); !errors.Is(err, edu.Unavailable) { // after 2 s of the bubble's clock
			t.Errorf("call without a free slot: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.HashPassword(ctx, goodPassword); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled call: %v", err)
		}
		for range auth.MaxQueued { // the calls that failed occupy no place in the queue
			wg.Go(func() {
				if _, err := p.HashPassword(t.Context(), goodPassword); !errors.Is(err, edu.Unavailable) {
					t.Errorf("call without a free slot: %v", err)
				}
			})
		}
		synctest.Wait()
		if _, err := p.AcquireSlot(t.Context()); !errors.Is(err, edu.Unavailable) {
			t.Errorf("call with a full queue: %v", err)
		}
		wg.Wait()
	})
}

func TestWeakness(t *testing.T) {
	t.Parallel()
	const name, email = "Ada Augusta Lovelace", "ada.lovelace@7p.example"
	for password, want := range map[string]string{
		goodPassword:                 "",
		"correct horse battery":      "", // the demo accounts use it
		"кириллица":                  "10 characters at least, it has 9",
		"кириллица!":                 "",
		"":                           "10 characters at least, it has 0",
		"123456789":                  "10 characters at least, it has 9",
		strings.Repeat("e\u0301", 9): "10 characters at least, it has 9", // composed: é
		strings.Repeat("ж", 512):     "",
		strings.Repeat("ж", 513):     "1024 bytes at most, it has 1026",
		"1234567890":                 "most common",
		"QwertyUiop":                 "most common",
		"CONTRASEÑA":                 "most common",
		"contrasen\u0303a":           "most common",
		"Ada Augusta Lovelace":       "own name",
		"ada.lovelace":               "own name",
		"Ada.Lovelace@7P.example":    "own name",
		"ada.lovelace1":              "",
	} {
		template, values := auth.PasswordWeakness(password, name, email)
		got := edu.NewUserError(edu.UserWeakPassword, nil, template, values...).Message
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%.40q: %q, want %q", password, got, want)
		}
		if len(password) > 5 && strings.Contains(got, password) {
			t.Errorf("%.40q is in the message: %s", password, got)
		}
	}
}

// TestCommonPasswords checks that each listed password can match: normalized, in lower case, long
// enough and listed once.
func TestCommonPasswords(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("common_passwords.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		p := strings.TrimSuffix(line, "\n")
		if p != strings.ToLower(norm.NFC.String(p)) || p != strings.TrimSpace(p) || utf8.RuneCountInString(p) < auth.MinPasswordChars || seen[p] {
			t.Errorf("%q cannot match or is listed twice", p)
		}
		if template, _ := auth.PasswordWeakness(p, "", ""); template == "" {
			t.Errorf("%q is accepted", p)
		}
		seen[p] = true
	}
	if len(seen) < 150 {
		t.Errorf("%d passwords, want 150 at least", len(seen))
	}
}

func BenchmarkHash(b *testing.B) {
	p := auth.NewPasswordHasher()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.HashPassword(b.Context(), goodPassword); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerify compares the cost of a right password, a wrong one and a missing account.
func BenchmarkVerify(b *testing.B) {
	stored, err := auth.NewPasswordHasher().HashPassword(b.Context(), goodPassword)
	if err != nil {
		b.Fatal(err)
	}
	for name, with := range map[string][2]string{
		"right": {goodPassword, stored}, "wrong": {"some other password", stored}, "no account": {goodPassword, ""},
	} {
		b.Run(name, func(b *testing.B) {
			p := auth.NewPasswordHasher()
			for b.Loop() {
				if match, _, err := p.VerifyPassword(b.Context(), with[0], with[1]); err != nil || match != (name == "right") {
					b.Fatal(match, err)
				}
			}
		})
	}
}
