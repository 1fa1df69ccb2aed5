package gql

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/graph"
	"github.com/7p-education/api/internal/gql/limits"
	"github.com/7p-education/api/internal/gql/response"
	"github.com/7p-education/api/store"
)

// refreshField is the field of Mutation that continues a session.
const refreshField = "refreshSession"

// deleteAccountField is the field of Mutation that also writes to courses, which others wait for.
const deleteAccountField = "deleteAccount"

// sessionField states what a field of Mutation takes from the budget of the request besides its cost, if it begins
// a session, verifies a password or a token, or requests a mail.
type sessionField struct {
	mutation bool        // a mutation, instead of an attempt of the address
	refunds  bool        // whether the attempt is returned unless the password or the token was wrong
	email    emailSource // the email that it takes an attempt to sign in from as well; nil for none
	mail     bool        // a mail to that email, instead of an attempt to sign in
}

// emailSource returns an email, "" for none.
type emailSource func(ctx context.Context, e operationExtension, v edu.Viewer, input map[string]any) (string, error)

// sessionFields are the fields that must be the only one of their mutation, by name. limits.Defaults lists them too.
var sessionFields = map[string]sessionField{
	"signUp":                   {},
	"signIn":                   {refunds: true, email: emailOfInput},
	refreshField:               {},
	"changePassword":           {refunds: true, email: emailOfViewer},
	deleteAccountField:         {refunds: true, email: emailOfViewer},
	"requestPasswordReset":     {email: emailOfInput, mail: true},
	"resetPassword":            {refunds: true},
	"requestEmailVerification": {mutation: true, email: emailOfViewer, mail: true},
	"verifyEmail":              {refunds: true},
}

// emailOfInput returns the email that a client sent.
func emailOfInput(_ context.Context, _ operationExtension, _ edu.Viewer, input map[string]any) (string, error) {
	email, _ := input["email"].(string)
	return email, nil
}

// emailOfViewer returns the email of the viewer's account.
func emailOfViewer(ctx context.Context, e operationExtension, v edu.Viewer, _ map[string]any) (email string, err error) {
	err = e.store.OnPrimary().RunQueries(ctx, store.CredentialsByID(v.ID, func(c store.Credentials) { email = c.Email }))
	return email, err
}

// findSessionField returns the field of a mutation that is in sessionFields, nil if it has none. The error
// rejects a mutation in which the field has a sibling besides __typename: if that failed on a non-null type,
// the response would lose the session's tokens, and with an Idempotency-Key the session itself, with all
// traces of the attempt.
//
// With an Idempotency-Key the field may select plain fields of its user only, which cannot fail: the
// failure of a selection would roll back the sign-in, and still report that the password was right.
func findSessionField(op *graphql.OperationContext) (*graphql.CollectedField, error) {
	if op.Operation.Operation != ast.Mutation {
		return nil, nil
	}
	var session *graphql.CollectedField
	siblings := 0
	for _, f := range graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Mutation"}) {
		if f.Name != "__typename" {
			siblings++
		}
		if _, ok := sessionFields[f.Name]; ok {
			session = &f
		}
	}
	switch {
	case session == nil:
		return nil, nil
	case siblings > 1:
		return nil, response.ErrorWithCode(response.CodeBadRequest, session.Name+" must be the only field of its mutation: send the other fields in a request of their own")
	case len(op.Headers[limits.HeaderIdempotencyKey]) > 0:
		if name := findNestedUserField(op, session); name != "" {
			return nil, response.ErrorWithCode(response.CodeBadRequest,
				"with an Idempotency-Key, "+session.Name+" can select plain fields of its user and preferences only: read "+name+" in a request of its own")
		}
	}
	return session, nil
}

// consumeSignIn takes what a session field costs from the budget of the request. A refresh takes a refresh, and an
// attempt only if its token is invalid: see countSession.
func (e operationExtension) consumeSignIn(ctx context.Context, v edu.Viewer, op *graphql.OperationContext, session *graphql.CollectedField) error {
	field, consume := sessionFields[session.Name], e.budget.ConsumeSignIn
	switch {
	case session.Name == refreshField:
		consume = e.budget.ConsumeRefresh
	case field.mutation:
		consume = e.budget.ConsumeMutation
	}
	if err := consume(ctx); err != nil || field.email == nil {
		return err
	}
	input, _ := session.ArgumentMap(op.Variables)["input"].(map[string]any)
	email, err := field.email(ctx, e, v, input)
	if err != nil || email == "" {
		return err
	}
	if field.mail {
		return e.budget.ConsumeMail(ctx, email)
	}
	return e.budget.ConsumeEmailSignIn(ctx, email)
}

// sessionOutcomeKey is the context key of the *sessionOutcome of an operation.
type sessionOutcomeKey struct{}

// sessionOutcome is how the session field of an operation ended: rejected if its password or token was wrong.
// Neither is set if it failed otherwise.
type sessionOutcome struct{ accepted, rejected bool }

// withSessionOutcome returns a context in which recordSession records the outcome of a session field. The
// outcome is nil for operations without one.
func withSessionOutcome(ctx context.Context, session *graphql.CollectedField) (context.Context, *sessionOutcome) {
	if session == nil {
		return ctx, nil
	}
	outcome := &sessionOutcome{}
	return context.WithValue(ctx, sessionOutcomeKey{}, outcome), outcome
}

// recordSession records the value of a root field if it is that of a session field. An operation that is
// retried has the outcome of its last run.
func recordSession(ctx context.Context, value any) {
	outcome, ok := ctx.Value(sessionOutcomeKey{}).(*sessionOutcome)
	if !ok {
		return
	}
	var problems []*edu.UserError
	switch p := value.(type) {
	case *graph.SessionPayload:
		problems = p.UserErrors
	case *graph.ChangePasswordPayload:
		problems = p.UserErrors
	case *graph.DeleteAccountPayload:
		problems = p.UserErrors
	case *graph.ResetPasswordPayload:
		problems = p.UserErrors
	case *graph.VerifyEmailPayload:
		problems = p.UserErrors
	default:
		return
	}
	outcome.rejected = slices.ContainsFunc(problems, func(e *edu.UserError) bool { return e.Code == edu.UserInvalidCredentials })
	outcome.accepted = !outcome.rejected
}

// countSession settles the attempt of a session field with the budget of the request.
//
// A password that was right, or that was not verified, returns the attempt that it took: the members of a class
// share an address. A signUp does not, because it creates an account.
//
// A refresh whose token was rejected takes an attempt, since the token may be a guess. A page may refresh
// at each load, so valid tokens take none, and whether a token is valid is known only afterwards. The
// error replaces the response: an address without attempts learns nothing about its tokens. A session
// that ended because its token was stolen stays ended.
func (e operationExtension) countSession(ctx context.Context, session *graphql.CollectedField, outcome *sessionOutcome) error {
	switch {
	case e.budget == nil || outcome == nil:
	case sessionFields[session.Name].refunds && outcome.accepted:
		e.budget.RefundSignIn(ctx)
	case session.Name == refreshField && outcome.rejected:
		return e.budget.ConsumeRejectedRefresh(ctx)
	}
	return nil
}

// findNestedUserField returns a field of a session's user that has fields of its own, besides
// preferences, "" if there is none.
func findNestedUserField(op *graphql.OperationContext, session *graphql.CollectedField) string {
	for _, payload := range graphql.CollectFields(op, session.Selections, []string{"SessionPayload"}) {
		if payload.Name != "user" {
			continue
		}
		for _, f := range graphql.CollectFields(op, payload.Selections, []string{"User", "Node"}) {
			if len(f.Selections) > 0 && f.Name != "preferences" {
				return f.Name
			}
		}
	}
	return ""
}
