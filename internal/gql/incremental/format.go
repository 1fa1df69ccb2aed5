package incremental

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/7p-education/api/internal/gql/response"
)

// Format is the format of the parts of a response.
type Format uint8

const (
	// Whole is a response in one part.
	Whole Format = iota
	// Draft2022 is the draft of August 2022, which Apollo Client and urql read by default.
	Draft2022
	// Version02 is the draft of 2023 and later, with pending and completed fragments.
	Version02
)

// member is one member of a JSON object, absent if its value is nil.
type member struct {
	name  string
	value []byte
}

// appendObject appends a JSON object.
func appendObject(b []byte, members ...member) []byte {
	separator := byte('{')
	for _, m := range members {
		if m.value != nil {
			b = append(b, separator, '"')
			b = append(append(b, m.name...), '"', ':')
			b, separator = append(b, m.value...), ','
		}
	}
	if separator == '{' {
		b = append(b, '{')
	}
	return append(b, '}')
}

// encodeList returns a JSON array, nil for an empty one.
func encodeList[T any](list []T, appendItem func([]byte, T) []byte) []byte {
	if len(list) == 0 {
		return nil
	}
	b := []byte{'['}
	for i, item := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendItem(b, item)
	}
	return append(b, ']')
}

// encodeValue returns a value as JSON. It panics on a value that JSON cannot represent, which only a programming mistake
// puts into an extension of an error.
func encodeValue(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Errorf("encode a part of a response: %w", err))
	}
	return b
}

func encodePath(p ast.Path) []byte {
	if len(p) == 0 {
		return []byte("[]")
	}
	return encodeValue(p)
}

func encodeLabel(label string) []byte {
	if label == "" {
		return nil
	}
	return encodeValue(label)
}

func encodeErrors(errs gqlerror.List) []byte {
	if len(errs) == 0 {
		return nil
	}
	return encodeValue(errs[:min(len(errs), response.MaxErrors)])
}

func encodeBool(v bool) []byte { return strconv.AppendBool(nil, v) }

// appendInitial returns the initial part, from the response as JSON.
func (f Format) appendInitial(response []byte, pending []*Instance, hasNext bool) []byte {
	members := []member{{"hasNext", encodeBool(hasNext)}}
	if f == Version02 {
		members = slices.Insert(members, 0, member{"pending", encodeList(pending, appendPending)})
	}
	return appendMembers(response, members...)
}

// EncodeWhole returns the only part of a response, from the response as JSON.
func EncodeWhole(response []byte) []byte {
	return appendMembers(response, member{"hasNext", encodeBool(false)})
}

// appendMembers returns a JSON object, which is not empty, with more members.
func appendMembers(object []byte, members ...member) []byte {
	more := appendObject(nil, members...)
	more[0] = ','
	return append(object[:len(object)-1:len(object)-1], more...)
}

// appendPart appends a part after the initial one.
func (f Format) appendPart(b []byte, payloads []Payload, pending []*Instance, hasNext bool) []byte {
	if f == Draft2022 {
		return appendObject(b, member{"incremental", encodeList(payloads, appendPayload2022)}, member{"hasNext", encodeBool(hasNext)})
	}
	completed, delivered := completeInstances(payloads)
	return appendObject(b, member{"pending", encodeList(pending, appendPending)},
		member{"incremental", encodeList(delivered, appendPayload02)},
		member{"completed", encodeList(completed, appendCompleted)}, member{"hasNext", encodeBool(hasNext)})
}

func appendPayload2022(b []byte, p Payload) []byte {
	return appendObject(b, member{"data", p.Data}, member{"path", encodePath(p.Path)}, member{"label", encodeLabel(p.Instance.Fragment.Label)},
		member{"errors", encodeErrors(p.Errors)})
}

// encodeID returns the id of an instance. Ids begin at 0.
func (i *Instance) encodeID() []byte { return strconv.AppendQuote(nil, strconv.Itoa(i.id-1)) }

func appendPending(b []byte, i *Instance) []byte {
	return appendObject(b, member{"id", i.encodeID()}, member{"path", encodePath(i.Path)}, member{"label", encodeLabel(i.Fragment.Label)})
}

// appendPayload02 appends the data of an instance, with the path below its object if the data belong to one further
// down.
func appendPayload02(b []byte, p Payload) []byte {
	var subPath []byte
	if below := p.Path[len(p.Instance.Path):]; len(below) > 0 {
		subPath = encodePath(below)
	}
	return appendObject(b, member{"id", p.Instance.encodeID()}, member{"subPath", subPath}, member{"data", p.Data}, member{"errors", encodeErrors(p.Errors)})
}

// completedInstance is an instance all of whose data were sent, or which failed with errors.
type completedInstance struct {
	instance *Instance
	errors   gqlerror.List // nil unless it failed
}

func appendCompleted(b []byte, c completedInstance) []byte {
	return appendObject(b, member{"id", c.instance.encodeID()}, member{"errors", encodeErrors(c.errors)})
}

// completeInstances returns the instances of payloads, and the payloads of all that have not failed. An instance fails as
// a whole.
func completeInstances(payloads []Payload) (completed []completedInstance, delivered []Payload) {
	places := map[*Instance]int{}
	for _, p := range payloads {
		at, ok := places[p.Instance]
		if !ok {
			at = len(completed)
			places[p.Instance] = at
			completed = append(completed, completedInstance{instance: p.Instance})
		}
		if p.failed() {
			completed[at].errors = append(completed[at].errors, p.Errors...)
		}
	}
	for _, p := range payloads {
		if completed[places[p.Instance]].errors == nil {
			delivered = append(delivered, p)
		}
	}
	return completed, delivered
}
