package objectstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"syscall"

	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"
)

// answer maps an error that is not an S3 error to one that is. The gateway
// would answer InternalError and print the reason on the terminal only.
func (b *notifyingBackend) answer(ctx context.Context, call, bucket, key string, err error) error {
	var known s3err.S3Error
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), isCode(err, s3err.ErrNoSpaceLeftOnDevice):
		b.log.ErrorContext(ctx, "the disk is full", "call", call, "bucket", bucket, "key", key)
		return noSpace("The disk of the data folder is full. Free space on it, then try again.")
	case errors.As(err, &known):
		return known
	}
	b.log.ErrorContext(ctx, "an S3 call failed", "call", call, "bucket", bucket, "key", key, "error", err.Error())
	return s3err.GetAPIError(s3err.ErrInternalError)
}

// noSpace returns the gateway's own error for a full disk. Amazon S3 has none.
func noSpace(message string) error {
	full := s3err.GetAPIError(s3err.ErrNoSpaceLeftOnDevice)
	full.Description = message
	return full
}

// admitted returns an error if there is no room for an object.
func (b *notifyingBackend) admitted(bucket, key string, bytes int64) error {
	if b.admit == nil {
		return nil
	}
	if err := b.admit(bucket, key, bytes); err != nil {
		return noSpace(err.Error())
	}
	return nil
}

// maxUnread is how many bytes are read of a body that the gateway does not
// read. It is more than a photo that is too large.
const maxUnread = 64 << 20

// guard is the gateway's first handler. It passes the gateway's server to begin
// at the first request, and it does four things that the gateway does not:
//
// It reads the rest of a refused body, of which the gateway reads only 256 KiB:
// a client that is still sending would get a connection reset instead of the
// answer. It answers after a panic, which the gateway would only print on the
// terminal. And it keeps the server from parsing a body of the type
// multipart/form-data before any handler runs, which would refuse an object
// that only has this type. And it sends the request's ids once, as S3 does.
func guard(log *slog.Logger, begin func(*fasthttp.Server)) fiber.Handler {
	var once sync.Once
	return func(c fiber.Ctx) (err error) {
		once.Do(func() {
			server := c.App().Server()
			server.DisablePreParseMultipartForm = true
			begin(server)
		})
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			log.ErrorContext(c, "an S3 request panicked", "method", c.Method(), "path", c.Path(), "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			header := &c.Response().Header
			text := s3err.GetAPIError(s3err.ErrInternalError).XMLBody(string(header.Peek("x-amz-request-id")), string(header.Peek("x-amz-id-2")))
			header.SetContentType(fiber.MIMEApplicationXML)
			err = c.Status(http.StatusInternalServerError).Send(text)
		}()
		defer readRest(c)
		defer sendIDsOnce(c)
		return c.Next()
	}
}

// sendIDsOnce removes the request's ids in the case of Go's headers from an
// answer that also has them in S3's case: the gateway adds them in two places.
func sendIDsOnce(c fiber.Ctx) {
	sent := map[string]bool{}
	for name := range c.Response().Header.All() {
		sent[string(name)] = true
	}
	for _, name := range []string{utils.HeaderAmzRequestID, utils.HeaderAmzID2} {
		if doubled := http.CanonicalHeaderKey(name); sent[name] && sent[doubled] {
			c.Response().Header.Del(doubled)
		}
	}
}

// readRest reads a body of a known length to its end. The relay limits how long
// this takes.
func readRest(c fiber.Ctx) {
	if body := c.Request().BodyStream(); body != nil && c.Request().Header.ContentLength() > 0 {
		_, _ = io.CopyN(io.Discard, body, maxUnread) // if more remains, the connection is closed
	}
}
