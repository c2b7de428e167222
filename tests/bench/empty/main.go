// Command empty is a Lambda function that does nothing: what the others' starts
// and events are compared with. It links aws-lambda-go alone.
package main

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-lambda-go/lambda"
)

func main() {
	lambda.Start(func(context.Context, json.RawMessage) error { return nil })
}
