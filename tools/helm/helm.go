//go:build tools

// Package tools keeps helm among the requirements of this module.
package tools

import _ "helm.sh/helm/v3/cmd/helm"
