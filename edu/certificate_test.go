package edu_test

import (
	"testing"

	"github.com/7p-education/api/edu"
)

func TestParseCertificateCode(t *testing.T) {
	t.Parallel()
	const code = "0123456789abcdef0123456789abcdef"
	for text, valid := range map[string]bool{
		"01234567-89ab-cdef-0123-456789abcdef": true, "01234567-89AB-CDEF-0123-456789ABCDEF": true, " 0123 4567 89ab cdef 0123 4567 89ab cdef ": true, code: true,
		"": false, "0": false, code + "0": false, code[1:]: false, "g" + code[1:]: false, code + code: false, "{" + code + "}": false, "é" + code[2:]: false,
	} {
		if got, ok := edu.ParseCertificateCode(text); ok != valid || valid && got != code {
			t.Errorf("%q: %q, %t", text, got, ok)
		}
	}
}
