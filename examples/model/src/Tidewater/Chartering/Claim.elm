module Tidewater.Chartering.Claim exposing (Answer, Cause(..), Claim, Evidence(..), Ledger, Share, amount, answer, average, weight)

{-| What a charterer claims when the cargo came short, spoilt or late. Unfinished, and left so: each function has one of the
faults that the extension "lint" finds.
-}

import Dict exposing (Dict)
import Morphir.SDK.Decimal exposing (Decimal)
import Morphir.SDK.LocalDate exposing (LocalDate)
import Set exposing (Set)
import Tidewater.Chartering.Cargo exposing (Cargo)


{-| Why there is a claim: tonnes that are missing, a part of the cargo that is spoilt, or minutes that it came late.
-}
type Cause
    = Shortage Int
    | Damage Cargo Float
    | Delay Int


{-| What supports a claim.
-}
type Evidence
    = Survey { surveyor : String, pages : Int }
    | Photograph String Bool
    | WordOfMouth


{-| A claim as it was made.
-}
type alias Claim =
    { made : LocalDate
    , cause : Cause
    , evidence : List Evidence
    , remark : Maybe String
    , ports : Set String
    }


{-| All claims by their numbers.
-}
type alias Ledger =
    Dict Int Claim


{-| What we say to a claim: cents, or why there are none.
-}
type alias Answer =
    Result String Int


{-| An insurer's part of what is paid.
-}
type alias Share =
    ( String, Decimal )


{-| What a claim comes to in cents, at a price for the tonne. Unused argument: who carried the cargo makes no difference.
-}
amount : String -> Int -> Cause -> Int
amount carrier price cause =
    case cause of
        Shortage tonnes ->
            tonnes * price

        Damage cargo part ->
            round (toFloat (cargo.tonnes * price) * part)

        Delay minutes ->
            minutes * 2


{-| How much we believe. Unused pattern variables: nobody asks what is on a photograph. Unreachable branch: the one after the last.
-}
weight : Evidence -> Int
weight evidence =
    case evidence of
        Survey report ->
            report.pages

        Photograph subject dated ->
            if dated then
                2

            else
                1

        _ ->
            0

        WordOfMouth ->
            1


{-| Whether a claim can be paid. Constant condition: a switch that was left on. Unused binding: the reason nobody gives.
-}
answer : Claim -> Int -> Answer
answer claim cents =
    let
        reason : String
        reason =
            Maybe.withDefault "no remark" claim.remark

        weigh : List Evidence -> Int
        weigh evidence =
            case evidence of
                [] ->
                    0

                first :: others ->
                    weight first + weigh others
    in
    if True then
        if weigh claim.evidence > 1 then
            Ok cents

        else
            Err "there is no evidence"

    else
        Err "we are closed"


{-| What a claim comes to on average. Unused binding: the second half of a pair.
-}
average : List Int -> Int
average claims =
    let
        ( sum, longest ) =
            ( List.sum claims, List.maximum claims )
    in
    sum // max 1 (List.length claims)
