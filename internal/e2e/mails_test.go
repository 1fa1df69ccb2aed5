package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/7p-education/api/internal/demo"
	"github.com/7p-education/api/internal/mail/mailtest"
	"github.com/7p-education/api/internal/testdb"
)

// A forgotten password is reset by the link of a mail that an SMTP server received. An account that is deleted
// vanishes from pages that were cached.
func TestMailsAndDeletion(t *testing.T) {
	t.Parallel()
	mails := mailtest.Start(t, mailtest.Options{})
	p := serve7p(t, "DATABASE_URL="+testdb.NewWithDemo(t), "JWT_SECRET="+secret, "SMTP_URL=smtp://"+mails.Address, "MAIL_FROM=7P <no-reply@7p.example>", "FRONT_END_URL=https://app.7p.example/")
	const request = `mutation($in: RequestPasswordResetInput!) { requestPasswordReset(input: $in) { requested userErrors { code } } }`
	for _, email := range []string{"unknown@7p.example", student} {
		if a := p.query(t, request, map[string]any{"in": map[string]any{"email": email}}); a.At("requestPasswordReset", "requested") != true {
			t.Fatalf("%s: %+v", email, a)
		}
	}
	received := mails.Await(t, 1)
	token := regexp.MustCompile(`https://app\.7p\.example/reset-password#token=(\S+)`).FindStringSubmatch(strings.NewReplacer("=\n", "", "=3D", "=").Replace(received[0].Text))
	if len(received) != 1 || received[0].To != student || token == nil {
		t.Fatalf("received %+v", received)
	}
	const password = "another tall ship"
	const reset = `mutation($in: ResetPasswordInput!) { resetPassword(input: $in) { passwordReset userErrors { code } } }`
	if a := p.query(t, reset, map[string]any{"in": map[string]any{"token": token[1], "newPassword": password}}); a.At("resetPassword", "passwordReset") != true {
		t.Fatalf("reset: %+v", a)
	}
	if _, a := p.startSession(t, signIn, map[string]string{"email": student, "password": demo.Password}); a.At("session", "accessToken") != nil {
		t.Errorf("the old password signs in: %+v", a)
	}
	session, a := p.startSession(t, signIn, map[string]string{"email": student, "password": password})
	if session.access == "" {
		t.Fatalf("the new password: %+v", a)
	}
	const reviews = `{ courses(first: 100) { nodes { reviews(first: 100) { nodes { author { id } } } } } }`
	id, _ := p.query(t, "{ viewer { id } }", nil, session.bearer()).At("viewer", "id").(string)
	for range 2 { // the second response is from the cache
		if a := p.query(t, reviews, nil); a.Status != http.StatusOK || !strings.Contains(string(a.Data), `"`+id+`"`) {
			t.Fatalf("no review of the student: %.200s", string(a.Data))
		}
	}
	const remove = `mutation($in: DeleteAccountInput!) { deleteAccount(input: $in) { deletedUserId userErrors { code } } }`
	if a := p.query(t, remove, map[string]any{"in": map[string]any{"password": password}}, session.bearer()); a.At("deleteAccount", "deletedUserId") != id {
		t.Fatalf("deletion: %+v", a)
	}
	if a := p.query(t, reviews, nil); a.Status != http.StatusOK || strings.Contains(string(a.Data), `"`+id+`"`) {
		t.Errorf("the student is still shown, or an error: %d %.200s", a.Status, string(a.Data))
	}
	if a := p.query(t, whoAmI, nil, session.bearer()); a.Status != http.StatusUnauthorized {
		t.Errorf("the session lives on: %+v", a)
	}
}
