package e2e

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/7p-education/api/internal/auth"
	"github.com/7p-education/api/internal/cache/redistest"
	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/testdb"
)

// Every server rejects a deactivated account at once, not only after its cached copy has expired.
func TestDeactivatedAccount(t *testing.T) {
	t.Parallel()
	env := []string{"DATABASE_URL=" + testdb.NewWithDemo(t), "JWT_SECRET=" + secret, "REDIS_URL=" + redistest.StartServer(t).URL()}
	servers := []*program{serve7p(t, env...), serve7p(t, env...)}
	session, a := servers[0].startSession(t, signIn, map[string]string{"email": student, "password": demo.Password})
	if a.Codes() != "" {
		t.Fatalf("not signed in: %+v", a)
	}
	token := "Authorization: Bearer " + strings.TrimSpace(mustRun7p(t, env, "token", "--email", student)) // without a session
	isAnswered := func(p *program, bearer string, status int, message string) bool {
		a := p.query(t, whoAmI, nil, bearer)
		return a.Status == status && (status == http.StatusOK || strings.Contains(a.Errors[0].Message, message))
	}
	eventually := func(step string, since time.Time, bearer string, status int, message string) {
		t.Helper()
		for i, p := range servers {
			for !isAnswered(p, bearer, status, message) {
				if time.Since(since) > auth.AccountTTL/2 {
					t.Fatalf("server %d, %s: %+v, want %d", i, step, p.query(t, whoAmI, nil, bearer), status)
				}
			}
		}
	}
	for _, bearer := range []string{session.bearer(), token} {
		eventually("active", time.Now(), bearer, http.StatusOK, "")
	}
	if got := mustRun7p(t, env, "account", "deactivate", "--email", "STUDENT@7p.example"); !strings.Contains(got, "all servers were notified") {
		t.Errorf("deactivated: %s", got)
	}
	deactivated := time.Now()
	for _, bearer := range []string{session.bearer(), token} {
		eventually("deactivated", deactivated, bearer, http.StatusUnauthorized, "not active")
	}
	if _, stderr, code := run7p(t, env, "token", "--email", student); code != 1 || !strings.Contains(stderr, "not active") {
		t.Errorf("a token for an account that is not active: %d %s", code, stderr)
	}

	mustRun7p(t, env, "account", "activate", "--email", student)
	activated := time.Now()
	eventually("active again", activated, token, http.StatusOK, "")
	eventually("the previous session", activated, session.bearer(), http.StatusUnauthorized, "session has ended")
	if _, stderr, code := run7p(t, env, "account", "deactivate", "--email", "x@y.z"); code != 1 || !strings.Contains(stderr, `no account with the email "x@y.z"`) {
		t.Errorf("an unknown account: %d %s", code, stderr)
	}
}

// A server that signs with Ed25519 publishes the key, and accepts tokens of its previous secret.
func TestTokenKeys(t *testing.T) {
	t.Parallel()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	bundle := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	file := filepath.Join(t.TempDir(), "keys.pem")
	if err := os.WriteFile(file, bundle, 0o600); err != nil {
		t.Fatal(err)
	}
	database := "DATABASE_URL=" + testdb.NewWithDemo(t)
	p := serve7p(t, database, "JWT_KEYS="+string(bundle), "JWT_SECRET=another "+secret+","+secret)
	for name, key := range map[string]string{"the bundle": "JWT_KEYS=" + file, "the old secret": "JWT_SECRET=" + secret} {
		token := mustRun7p(t, []string{database, key}, "token", "--email", student)
		if a := p.query(t, whoAmI, nil, "Authorization: Bearer "+strings.TrimSpace(token)); a.At("viewer", "email") != student {
			t.Errorf("a token of %s: %+v", name, a)
		}
	}
	resp := p.send(t, http.MethodGet, "/.well-known/jwks.json", "")
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(resp.Body, &set); err != nil || resp.Status != http.StatusOK || len(set.Keys) != 1 || set.Keys[0]["d"] != "" {
		t.Errorf("the keys are published as %s (%v)", resp, err)
	}
}
