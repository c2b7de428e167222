package objectstore

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"
)

func TestAPanicIsAnsweredAndLogged(t *testing.T) {
	var log bytes.Buffer
	app := fiber.New(fiber.Config{StreamRequestBody: true})
	app.Use(guard(slog.New(slog.NewJSONHandler(&log, nil)), func(*fasthttp.Server) {}))
	app.Put("/*", func(fiber.Ctx) error { panic("a nil dereference") })
	answer, err := app.Test(httptest.NewRequest(http.MethodPut, "/bucket/key", strings.NewReader("a photo")), fiber.TestConfig{Timeout: 0})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusInternalServerError || !strings.Contains(string(text), "<Code>InternalError</Code>") {
		t.Errorf("the answer is %s %s, %v", answer.Status, text, err)
	}
	for _, part := range []string{`"panic":"a nil dereference"`, `"path":"/bucket/key"`, "guard_test.go"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("the log lacks %s: %s", part, log.String())
		}
	}
}
