package main

import (
	"bytes"
	"fmt"
	"net/http"
)

// checkResponse returns an error unless a response is complete: status 200, no errors, and an object
// for its first field.
func checkResponse(status int, response []byte) error {
	switch {
	case status != http.StatusOK:
		return fmt.Errorf("status %d: %.300s", status, response)
	case bytes.Contains(response, []byte(`"errors":`)): // strings in the data have escaped quotes
		return fmt.Errorf("errors: %.300s", response)
	case !bytes.HasPrefix(response, []byte(`{"data":{`)) || bytes.Contains(response[:min(len(response), 40)], []byte(":null")):
		return fmt.Errorf("no data: %.300s", response)
	}
	return nil
}
