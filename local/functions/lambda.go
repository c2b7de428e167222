package functions

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

// Lambda returns a Handler for a Lambda handler function of any form that
// [lambda.Start] accepts. It decodes events and encodes results as Lambda's
// runtime does and is safe for concurrent invocations.
//
// A handler of [lambda.NewHandler] is not: its result is in a buffer that the
// next invocation overwrites. So each invocation creates its own.
func Lambda(function any) Handler { return lambdaHandler{function} }

type lambdaHandler struct{ function any }

func (h lambdaHandler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return lambda.NewHandler(h.function).Invoke(ctx, payload)
}
