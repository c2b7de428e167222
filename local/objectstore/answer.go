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
	"github.com/versity/versitygw/s3err"
)

// answer turns an error that S3 does not have into one that it has. The gateway would answer InternalError and print the
// reason on the terminal only.
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

// noSpace is the gateway's own error for a full disk. Amazon S3 has none, for it has always room.
func noSpace(message string) error {
	full := s3err.GetAPIError(s3err.ErrNoSpaceLeftOnDevice)
	full.Description = message
	return full
}

// admitted asks whether there is room for an object.
func (b *notifyingBackend) admitted(bucket, key string, bytes int64) error {
	if b.admit == nil {
		return nil
	}
	if err := b.admit(bucket, key, bytes); err != nil {
		return noSpace(err.Error())
	}
	return nil
}

// maxUnread is how much is read of a body that the gateway leaves, in bytes: all of a photo that is too large.
const maxUnread = 64 << 20

// guard is the gateway's first handler. It reads the rest of a refused body, of which the gateway itself reads 256 KiB
// only: the client, which is still sending, would see its connection reset, and not the answer. It answers a panic, which the gateway would print on the terminal only, and makes
// the server leave a body of the type multipart/form-data as it is: the server would parse it before any handler runs,
// and refuse an object that only has this type.
func guard(log *slog.Logger) fiber.Handler {
	var once sync.Once
	return func(c fiber.Ctx) (err error) {
		once.Do(func() { c.App().Server().DisablePreParseMultipartForm = true })
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
		return c.Next()
	}
}

// readRest reads a body of a known length to its end. The relay sees to it that this ends.
func readRest(c fiber.Ctx) {
	if body := c.Request().BodyStream(); body != nil && c.Request().Header.ContentLength() > 0 {
		_, _ = io.CopyN(io.Discard, body, maxUnread) // where more is left, the connection is closed
	}
}
