package main

import (
	"bytes"
	"fmt"
	"net/http"
)

// checkResponse tells whether an answer is a whole one: status 200, no errors, and the
// thing that was asked for.
func checkResponse(status int, answer []byte) error {
	switch {
	case status != http.StatusOK:
		return fmt.Errorf("status %d: %.300s", status, answer)
	case bytes.Contains(answer, []byte(`"errors":`)): // a text cannot hold it: its quotes are escaped
		return fmt.Errorf("errors: %.300s", answer)
	case !bytes.HasPrefix(answer, []byte(`{"data":{`)) || bytes.Contains(answer[:min(len(answer), 40)], []byte(":null")):
		return fmt.Errorf("no data: %.300s", answer)
	}
	return nil
}
