package transport

import (
	"errors"
	"net/http"

	"github.com/99designs/gqlgen/graphql"

	"github.com/7p-education/api/edu"
	"github.com/7p-education/api/internal/gql/persisted"
	"github.com/7p-education/api/internal/gql/response"
)

// The parameters of a request, in the body of a POST as in the query of a GET.
const (
	paramQuery         = "query"
	paramOperationName = "operationName"
	paramVariables     = "variables"
	paramExtensions    = "extensions"
	paramDocumentID    = "documentId"
)

var errInvalidUTF8 = response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest, "the request is not valid UTF-8")

// readParams reads the parameters from an object. It reads the whole object even if it rejects them.
func readParams(in *jsonReader) (p *graphql.RawParams, reqErr *response.RequestError, err error) {
	p = &graphql.RawParams{}
	seen := make([]string, 0, 4)
	err = in.readMembers(func(name string) error {
		value, err := in.readValue()
		if err == nil && reqErr == nil {
			reqErr = setParameter(p, name, value, &seen)
		}
		return err
	})
	return p, reqErr, err
}

// setParameter sets the parameter called name. It rejects a value of the wrong type, and a parameter that
// was seen before: a proxy that filters requests may have read the other one.
func setParameter(p *graphql.RawParams, name string, value any, seen *[]string) *response.RequestError {
	switch name {
	case paramQuery, paramOperationName, paramVariables, paramExtensions, paramDocumentID:
	default:
		return nil
	}
	for _, earlier := range *seen {
		if earlier == name {
			return duplicateParameter(name)
		}
	}
	*seen = append(*seen, name)
	if value == nil {
		return nil
	}
	var ok bool
	switch name {
	case paramQuery:
		p.Query, ok = value.(string)
	case paramOperationName:
		p.OperationName, ok = value.(string)
	case paramVariables:
		p.Variables, ok = value.(map[string]any)
	case paramExtensions:
		id := p.Extensions[persisted.ExtensionDocumentID]
		if p.Extensions, ok = value.(map[string]any); ok {
			delete(p.Extensions, persisted.ExtensionDocumentID) // the id is a parameter of its own
			setDocumentID(p, id)
		}
	case paramDocumentID:
		_, ok = value.(string)
		setDocumentID(p, value)
	}
	switch {
	case ok:
		return nil
	case name == paramQuery || name == paramOperationName || name == paramDocumentID:
		return invalidRequest("\"%s\" must be a string", name)
	default:
		return invalidRequest("\"%s\" must be a JSON object", name)
	}
}

// setDocumentID passes on the id of a document to the extensions.
func setDocumentID(p *graphql.RawParams, id any) {
	if id == nil {
		return
	}
	if p.Extensions == nil {
		p.Extensions = map[string]any{}
	}
	p.Extensions[persisted.ExtensionDocumentID] = id
}

func duplicateParameter(name string) *response.RequestError {
	return invalidRequest("\"%s\" occurs twice", name)
}

// invalidRequest rejects JSON that is not a GraphQL request.
func invalidRequest(format string, args ...any) *response.RequestError {
	return response.NewRequestError(http.StatusUnprocessableEntity, response.CodeBadRequest, format, args...)
}

// invalidJSON rejects JSON that was not read to its end.
func invalidJSON(what string, err error) *response.RequestError {
	if errors.Is(err, errNoInputMemory) {
		return rejectedInput()
	}
	if errors.Is(err, errHalfSurrogate) {
		return response.NewRequestError(http.StatusUnprocessableEntity, string(edu.BadUserInput), "%s has a text that is not Unicode: %v", what, err)
	}
	return response.NewRequestError(http.StatusBadRequest, response.CodeBadRequest, "%s is not valid JSON: %v", what, err)
}
