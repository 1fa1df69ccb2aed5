package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/7p-education/api/edu"
)

// encodeForGraphile returns the request for PostGraphile that reads the same data: its schema is derived
// from the tables, so its documents are its own, and its variables have other names. PostGraphile knows
// no tokens, so a variable names the viewer.
func encodeForGraphile(r request) ([]byte, error) {
	document, err := peerFiles.ReadFile(peerFolder + "/postgraphile-" + r.operation.file + ".graphql")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	variables := map[string]any{}
	switch r.operation.name {
	case "Catalog":
		if variables, err = graphileCatalog(r); err != nil {
			return nil, err
		}
	case "CoursePage":
		variables["slug"], variables["viewer"] = r.variables["slug"], strconv.FormatInt(r.viewer.ID, 10)
	}
	body, err := json.Marshal(map[string]any{"query": string(document), "operationName": r.operation.name, "variables": variables})
	return encodePost(body, "localhost", ""), err
}

// graphileColumns has the part of PostGraphile's orders for those of the contract, if it is another.
var graphileColumns = map[string]string{"ENROLLMENTS": "ENROLLMENT_COUNT"}

// graphileCatalog returns the variables of a page of courses. Pages are found by their offset, because
// cursors of the server are none of PostGraphile.
func graphileCatalog(r request) (map[string]any, error) {
	equal := func(v any) map[string]any { return map[string]any{"equalTo": v} }
	filter := map[string]any{"published": equal(true)}
	given, _ := r.variables["filter"].(map[string]any)
	for name, value := range given {
		switch name {
		case "categoryId":
			id, err := edu.ParseID(fmt.Sprint(value))
			if err != nil {
				return nil, err
			}
			filter[name] = equal(strconv.FormatInt(id.Key, 10))
		case "difficulty":
			filter[name] = equal(map[any]string{"BEGINNER": "beginner", "INTERMEDIATE": "intermediate", "ADVANCED": "advanced"}[value])
		case "price":
			filter[name] = map[any]map[string]any{"FREE": equal("0"), "PAID": {"greaterThan": "0"}}[value]
		case "minRating":
			filter["ratingAverage"] = map[string]any{"greaterThanOrEqualTo": value}
		case "tags":
			filter[name] = map[string]any{"contains": value}
		}
	}
	field, direction := "PUBLISHED_AT", "DESC"
	if order, ok := r.variables["orderBy"].(map[string]any); ok {
		field, direction = order["field"].(string), order["direction"].(string)
	}
	if column, ok := graphileColumns[field]; ok {
		field = column
	}
	first := r.variables["first"].(int)
	return map[string]any{
		"first": first, "offset": r.page * first, "filter": filter,
		"orderBy": []string{field + "_" + direction, "PRIMARY_KEY_" + direction},
	}, nil
}
