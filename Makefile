# Every common task by one word. `make demo` on a bare Debian 12 installs, builds and shows; `make help` lists the rest.
JOBS ?= $(shell nproc)
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help deps deps-tests release dev demo test bench lint format docs package clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1	\2/' | expand -t 20

deps: ## install what the build needs (Debian packages, pinned libraries in deps/)
	@tools/deps.sh

deps-tests:
	@tools/deps.sh --tests

release: deps ## the program: build/release/sluice
	@tools/build.sh release sluice

dev: deps ## everything with tests and failpoints: build/dev
	@tools/build.sh dev all

demo: release ## a sample shop into the lake, and questions to it
	@tools/demo/demo.sh

test: deps-tests ## build and run every test: units, servers, foreign readers, crash matrix
	@tools/build.sh dev all
	@python3 tools/run_tests.py --label dev

bench: deps-tests release ## imports against the raw drain of the same servers; prints a table
	@tools/build.sh release all
	@deps/venv/bin/python benchmarks/run.py

lint: ## rooms, sizes, names, formatting, documents
	@python3 tools/tidy.py

format: ## clang-format over all our sources
	@git ls-files -co --exclude-standard '*.cc' '*.h' | xargs clang-format-14 -i

docs: dev ## regenerate docs/reference from the program's option tables
	@mkdir -p docs/reference && build/dev/sluice docs > docs/reference/cli.md

package: release ## a tarball that runs anywhere with glibc 2.36: build/package
	@tools/package.sh

clean: ## remove build/ (deps/ stays)
	@rm -rf build
