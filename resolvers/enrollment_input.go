package resolvers

import (
	"strconv"
	"strings"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/validate"
)

// maxEmails is the maximum number of emails of bulkEnroll, as the schema documents it.
const maxEmails = 50_000

// validateEmails validates the emails of existing accounts, trimmed. It drops blank ones, and duplicates,
// ignoring case. It accepts any text: an email that belongs to no account is returned as unknown.
func validateEmails(in validate.Input, list []string) []string {
	in.ValidateCount("emails", len(list), 1, maxEmails)
	if len(list) > maxEmails {
		return nil
	}
	emails, seen := make([]string, 0, len(list)), make(map[string]bool, len(list))
	for i, text := range list {
		email := in.AtPath("emails").ValidateLine(strconv.Itoa(i), edu.TrimEmail(text), 0, edu.MaxEmailLength)
		if key := strings.ToLower(email); email != "" && !seen[key] {
			seen[key] = true
			emails = append(emails, email)
		}
	}
	return emails
}
