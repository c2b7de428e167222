package functions

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

// Lambda makes a Handler of a Lambda handler function, of any of the forms that
// [lambda.Start] takes. It decodes, calls and encodes as Lambda's own runtime
// does, but for many invocations at once.
//
// What [lambda.NewHandler] returns is for one invocation at a time: its answer
// lies in a buffer that the next one writes into. So each invocation gets one of
// its own.
func Lambda(function any) Handler { return lambdaHandler{function} }

type lambdaHandler struct{ function any }

func (h lambdaHandler) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return lambda.NewHandler(h.function).Invoke(ctx, payload)
}
