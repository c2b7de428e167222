package redact_test

import (
	"testing"

	"gen3d/cmd/gen3d/redact"
)

func TestLineHasNoSecrets(t *testing.T) {
	for text, want := range map[string]string{
		"mail to ann.o'hara+x@mail.example.com failed":                        "mail to (address) failed",
		"?user=ann%40example.com":                                             "?user=(address)",
		"Authorization: Bearer abc.def":                                       "Authorization: (token)",
		"token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig_-1 refused":           "token (token) refused",
		"https://b/k?X-Amz-Credential=AKIA/1&X-Amz-Signature=abc&versionId=1": "https://b/k?X-Amz-Credential=(secret)&X-Amz-Signature=(secret)&versionId=1",
		"hf_abcdefgh1234":      "(token)",
		"AKIAIOSFODNN7EXAMPLE": "(key)",
		"job 7zzzzzzzzz0123456789abcdef: getting users/u/output/x: NoSuchKey": "job 7zzzzzzzzz0123456789abcdef: getting users/u/output/x: NoSuchKey",
		"two\nlines": "two\uFFFDlines",
	} {
		if got := redact.Line(text, 200); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	if got := redact.Line("abcdef", 3); got != "abc…" {
		t.Errorf("cut to %q", got)
	}
}
