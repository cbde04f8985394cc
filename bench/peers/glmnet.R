# Fits served over standard input and output: reads X and y once, then one threshold a line.
# Answers one line a fit: the seconds that glmnet() took; coefficients go to coef.bin (intercepts first).
suppressMessages({library(Matrix); library(glmnet)})
folder <- commandArgs(trailingOnly = TRUE)[1]
doubles <- function(name, n) readBin(file.path(folder, name), "double", n)
integers <- function(name, n) readBin(file.path(folder, name), "integer", n, size = 4)

# n, p, nnz (-1: dense), alpha, intercept, number of lambdas, classes (0: two, binomial), grouped
head <- doubles("head.bin", 8)
n <- head[1]; p <- head[2]; nnz <- head[3]; K <- head[7]
if (nnz < 0) {
  X <- matrix(doubles("x.bin", n * p), n, p)
} else {
  X <- new("dgCMatrix", i = integers("i.bin", nnz), p = integers("p.bin", p + 1), x = doubles("x.bin", nnz),
           Dim = as.integer(c(n, p)))
}
y <- factor(doubles("y.bin", n))
lambda <- doubles("lambda.bin", head[6])
glmnet.control(fdev = 0, devmax = 0.99999)
cat("ready", as.character(packageVersion("glmnet")), "\n"); flush(stdout())

input <- file("stdin", "r")
while (length(line <- readLines(input, 1)) > 0) {
  start <- Sys.time()
  fit <- suppressWarnings(glmnet(X, y, family = if (K > 0) "multinomial" else "binomial", alpha = head[4],
                                 lambda = lambda, standardize = FALSE, intercept = head[5] > 0,
                                 thresh = as.numeric(line), maxit = 1e7,
                                 type.multinomial = if (head[8] > 0) "grouped" else "ungrouped"))
  seconds <- as.numeric(difftime(Sys.time(), start, units = "secs"))
  last <- length(fit$lambda)
  values <- if (K > 0) {
    c(fit$a0[, last], unlist(lapply(fit$beta, function(b) as.numeric(b[, last]))))
  } else {
    c(fit$a0[last], as.numeric(fit$beta[, last]))
  }
  writeBin(as.double(values), file.path(folder, "coef.bin"))
  cat(format(seconds, digits = 9), last, "\n"); flush(stdout())
}
