//go:build tools

// Package buildkit names the programs that are built from these modules.
package buildkit

import (
	_ "github.com/docker/buildx/cmd/buildx"
	_ "github.com/moby/buildkit/cmd/buildkitd"
)
